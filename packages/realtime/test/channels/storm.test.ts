import { parseInfo, redisCommand, type RedisServer, startRedis } from '@nestwire/harness';
import { redisBackend } from '../../../redis/src/index.js';
import { ReplayedBatches } from '../../src/channels/replayed-batches.js';
import { Topic } from '../../src/channels/topic.js';
import type { Backend, Position } from '../../src/index.js';
import { BackendClock } from '../../src/channels/backend-clock.js';
import { Counters } from '../../src/observability/counters.js';

const CLIENTS = 500;
const HISTORY = { size: 1_000, ttlMs: 30_000 };
const BRIEF = { size: 1_000, ttlMs: 200 };
const LIMIT = { count: 1_000 };

/** Many who come back at once, to a node that has nothing of their channel; Redis itself counts what it is asked. */
describe('a storm', () => {
  let redis: RedisServer;
  let backend: Backend;

  beforeAll(async () => {
    redis = await startRedis();
    backend = redisBackend({ url: redis.url });
    await backend.start();
  });

  afterAll(async () => {
    await backend.stop();
    await redis[Symbol.asyncDispose]();
  });

  async function append(channel: string, count: number, history = HISTORY): Promise<Position[]> {
    const events = Array.from({ length: count }, (_, n) => ({
      event: 'e',
      data: `${n}`,
      operationId: `${n}`,
    }));
    return (await backend.log.append(channel, events, history)).map(({ position }) => position);
  }

  async function open(channel: string, history = HISTORY): Promise<Topic> {
    const topic = new Topic(channel, history, {
      log: backend.log,
      counters: new Counters(),
      clock: new BackendClock(),
      replayed: new ReplayedBatches(),
      maxFillBytes: 64 * 1024 * 1024,
      schedule: () => undefined,
      scheduleSilent: () => undefined,
      sessionChanged: () => undefined,
      isHeld: () => false,
      onRelease: () => () => undefined,
      sessionNoted: () => undefined,
      sessionUnsure: () => undefined,
      touched: () => undefined,
      report: () => undefined,
    });
    await topic.ready;
    return topic;
  }

  /** What everybody gets, and how often Redis was asked. */
  async function storm(topic: Topic, positions: readonly Position[]) {
    await redisCommand(redis.port, ['CONFIG', 'RESETSTAT']);
    const ask = (_: unknown, n: number) => topic.read(positions[n % positions.length]!, LIMIT);
    const pages = await Promise.all(Array.from({ length: CLIENTS }, ask));
    const stats = parseInfo(await redisCommand(redis.port, ['INFO', 'commandstats']));
    const calls = (name: string) => Number(/calls=(\d+)/.exec(stats[`cmdstat_${name}`] ?? 'calls=0')![1]);
    return { pages, scripts: calls('evalsha'), reads: calls('xrange') };
  }

  it('of all who are up to a hundred events behind is one read', async () => {
    const positions = await append('behind', 120);
    const { pages, reads, scripts } = await storm(await open('behind'), positions.slice(19));
    pages.forEach((page, n) => {
      expect(page.gap).toBeUndefined();
      expect('entries' in page && page.entries.length).toBe(100 - (n % 101));
    });
    expect({ reads, scripts }).toEqual({ reads: 1, scripts: 1 });
  });

  it('of all whose events have expired is one read', async () => {
    const positions = await append('expired', 100, BRIEF);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { pages, reads } = await storm(await open('expired', BRIEF), positions.slice(0, -1));
    expect(new Set(pages.map(({ gap }) => gap))).toEqual(new Set(['expired']));
    expect(reads).toBe(1);
  });

  it('of all whose log was lost is one look at its end', async () => {
    const positions = await append('lost', 100);
    await redisCommand(redis.port, ['FLUSHALL']);
    const topic = await open('lost');
    for (const _ of [1, 2]) {
      const { pages, reads, scripts } = await storm(topic, positions);
      expect(new Set(pages.map(({ gap }) => gap))).toEqual(new Set(['epoch']));
      expect(reads).toBe(0);
      expect(scripts).toBeLessThanOrEqual(1);
    }
  });
});
