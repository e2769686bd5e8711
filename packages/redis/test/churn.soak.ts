// `npm run soak`: a million documents, channels, sessions and commands come and go, NESTWIRE_CHURN of them (1,000,000).
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { type RedisServer, startRedis, waitFor } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import { type Backend, RealtimeDocument, RealtimeModule, RealtimeState } from '@nestwire/realtime';
import { Redis } from 'ioredis';
import { anEvent, numbers } from './support/log.js';

const CHURN = Number(process.env['NESTWIRE_CHURN'] ?? 1_000_000);
const ROUNDS = 5;
const AT_ONCE = 500;
/** Longer than anything lives that nobody uses. */
const LATER_MS = 8 * 24 * 60 * 60_000;
const HISTORY = { size: 100, ttlMs: 1_000 };
const EXPIRING = 'nestwire:schedule:expiring';

@RealtimeDocument('idle:{id}', { ttlMs: 1_000, history: HISTORY })
class IdleDocuments {}

describe('a million keys', () => {
  let redis: RedisServer;
  let client: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    client = new Redis(redis.url);
  });

  afterAll(async () => {
    client.disconnect();
    await redis[Symbol.asyncDispose]();
  });

  it('come and go, and leave none behind', async () => {
    let made = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await churn(round * (CHURN / ROUNDS), CHURN / ROUNDS);
      made += await client.dbsize();
      // What has no end of its own by now would be there for ever.
      expect(await lettingTimePass()).toEqual([]);
      expect(await keys()).toEqual([]);
    }
    expect(made).toBeGreaterThanOrEqual(CHURN);
  }, 3_600_000);

  /** So many, a quarter of each kind, and every document until it has ended. */
  async function churn(from: number, many: number): Promise<void> {
    const backend = redisBackend({ url: redis.url });
    const imports = [RealtimeModule.forRoot({ backend }), RealtimeModule.forFeature([IdleDocuments])];
    const module = await Test.createTestingModule({ imports }).compile();
    const app = await module.createNestApplication().init();
    const works = workOf(backend, app.get(RealtimeState));
    try {
      for (let n = from; n < from + many; n += AT_ONCE)
        await Promise.all(numbers(AT_ONCE).map((i) => works[(n + i) % works.length]!(n + i)));
      await waitFor(async () => (await client.exists(EXPIRING)) === 0, {
        what: 'every document to end',
        timeoutMs: 600_000,
      });
    } finally {
      await app.close();
    }
  }

  /** As if a long time had passed, for keys are dropped at a time of the clock's. Answers those that would still be there. */
  async function lettingTimePass(): Promise<string[]> {
    const eternal: string[] = [];
    for await (const names of client.scanStream({ count: 1_000 }) as AsyncIterable<string[]>) {
      const ends = (await client.pipeline(names.map((name) => ['pttl', name])).exec())!;
      const moved = client.pipeline();
      names.forEach((name, index) => {
        const ttlMs = Number(ends[index]![1]);
        if (ttlMs === -1) eternal.push(name);
        else moved.pexpire(name, ttlMs - LATER_MS);
      });
      await moved.exec();
    }
    return eternal;
  }

  async function keys(): Promise<string[]> {
    const all: string[] = [];
    for await (const names of client.scanStream({ count: 1_000 }) as AsyncIterable<string[]>)
      all.push(...names);
    return all;
  }
});

type Work = (n: number) => Promise<unknown>;

function workOf({ log, sessions, commands }: Backend, state: RealtimeState): readonly Work[] {
  /** Every other one is deleted, the rest is left to end by itself. */
  const document: Work = async (n) => {
    await state.patch(`idle:${n}`, { a: n, b: [n] });
    if (n % 8 < 4) await state.delete(`idle:${n}`);
    else await state.patch(`idle:${n}`, { c: n }, { remove: ['a'] });
  };
  const channel: Work = (n) => log.append(`channel:${n}`, [anEvent({ idempotencyKey: `key${n}` })], HISTORY);
  const session: Work = async (n) => {
    const [sid, secretHash] = [`sid${n}`, `hash${n}`];
    const endsAt = Date.now() + 3_600_000;
    const principal = { userId: `user${n % 1_000}`, roles: [], claims: {} };
    const times = { createdAt: 1, lastSeenAt: 1, expiresAt: endsAt, endsAt };
    await sessions.create({ sid, secretHash, principal, data: {}, ...times });
    await sessions.putResumption(`chain${n}`, { sid, secretHash, tokenHash: 'a', expiresAt: endsAt });
  };
  const command: Work = async (n) => {
    await commands.claim({ scope: `scope${n}`, id: 'id', digest: 'd', node: 'n' });
    if (n % 8 < 4) await commands.settle(`scope${n}`, 'id', '{}');
  };
  return [document, channel, session, command];
}
