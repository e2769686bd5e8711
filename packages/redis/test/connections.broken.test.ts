import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Proxy,
  type RedisServer,
  redisCommand,
  startProxy,
  startRedis,
  waitFor,
} from '@nestwire/harness';
import { redisBackend, type RedisSettings } from '@nestwire/redis';
import type { Appended, Backend } from '@nestwire/realtime';
import { anEvent, dataOf, KEEP, numbers, silence, turn } from './support/log.js';
import { count } from './support/observed.js';

const CHANNELS = numbers(10).map((number) => `channel:${number}`);

describe('a connection that breaks', () => {
  silence();

  let redis: RedisServer;
  let wire: Proxy;
  let backend: Backend;

  beforeAll(async () => {
    redis = await startRedis();
  });

  beforeEach(async () => {
    await redisCommand(redis.port, ['FLUSHALL']);
    wire = await startProxy({ to: redis.port });
  });

  afterEach(async () => {
    await backend.stop();
    await wire[Symbol.asyncDispose]();
  });

  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  async function start(settings: RedisSettings = {}): Promise<void> {
    backend = redisBackend({ url: `redis://127.0.0.1:${wire.port}`, ...settings });
    await backend.start();
  }

  /** Appends 1,000 events, 100 to each channel, while something happens after some of them, or before. */
  async function appendThousand(
    after: Record<number, () => unknown>,
    before: Record<number, (isAllTold: () => boolean) => unknown> = {},
  ): Promise<Appended[]> {
    const appends: Promise<Appended[]>[] = [];
    let told = 0;
    const append = async (channel: string, number: number): Promise<Appended[]> => {
      const appended = await backend.log.append(channel, [anEvent({ data: String(number) })], KEEP);
      told += 1;
      return appended;
    };
    for (const number of numbers(100)) {
      await before[number]?.(() => told === appends.length);
      for (const channel of CHANNELS) appends.push(append(channel, number));
      await turn();
      await after[number]?.();
    }
    return (await Promise.all(appends)).flat();
  }

  async function assertEachOnceInOrder(): Promise<void> {
    for (const channel of CHANNELS) expect(await dataOf(backend.log, channel)).toEqual(numbers(100));
  }

  it('in the middle of 1,000 publishes whose answers are lost doubles none, and keeps their order', async () => {
    await start();
    const counted = await count(redis.port);
    const stored = async () => (await counted()).calls['xadd'] ?? 0;
    let known = 0;
    const swallow = async (isAllTold: () => boolean) => {
      await waitFor(isAllTold);
      known = await stored();
      wire.hold('replies');
    };
    // Some have run by then, and nobody was told.
    const lose = () => waitFor(async () => (await stored()) > known);
    const cut = () => {
      wire.cut();
      wire.release();
    };
    const appended = await appendThousand(
      { 10: lose, 20: cut, 50: lose, 51: cut, 70: cut },
      { 10: swallow, 50: swallow },
    );
    expect(appended).toHaveLength(1_000);
    await assertEachOnceInOrder();
    expect(appended.some(({ duplicate }) => duplicate)).toBe(true);
  });

  it('leaves nothing on its way that could still happen after it was tried again', async () => {
    await start();
    await backend.log.append('late', [anEvent({ data: '0' })], KEEP);
    wire.hold('requests');
    const append = backend.log.append('late', [anEvent({ data: '1' })], KEEP);
    await waitFor(() => wire.pending > 0);
    wire.strand();
    expect((await append)[0]!.position.offset).toBe(2);
    wire.release();
    await waitFor(() => wire.pending === 0);
    await backend.log.append('late', [anEvent({ data: '2' })], KEEP);
    expect(await dataOf(backend.log, 'late')).toEqual(numbers(3));
  });

  it('keeps order, and loses nothing, when Redis forgets its scripts within a burst', async () => {
    await start();
    const forget = () => redisCommand(redis.port, ['SCRIPT', 'FLUSH']);
    await appendThousand({ 0: forget, 30: forget, 31: forget, 60: forget });
    await assertEachOnceInOrder();
  });

  it('is found out where it is only silent, and made anew, within the time-out', async () => {
    await start({ timeoutMs: 1_200 });
    await backend.log.append('silent', [anEvent({ data: '0' })], KEEP);
    const told: string[] = [];
    backend.onAvailability((availability) => told.push(availability));
    wire.hold();
    await waitFor(() => told.length === 1, { timeoutMs: 10_000 });
    expect(told).toEqual(['unavailable']);
    wire.release();
    await backend.log.append('silent', [anEvent({ data: '1' })], KEEP);
    expect(await dataOf(backend.log, 'silent')).toEqual(numbers(2));
  });

  it('is told as unavailable with an unknown outcome where something was sent, and never answered', async () => {
    await start({ timeoutMs: 300 });
    const counted = await count(redis.port);
    wire.hold('replies');
    const sent = backend.log.append('sent', [anEvent()], KEEP);
    await expect(sent).rejects.toMatchObject({ code: 'unavailable', details: { outcome: 'unknown' } });
    expect((await counted()).calls['evalsha'] ?? 0).toBeLessThan(5);
  });

  it('is told as unavailable without a word of the outcome where nothing was sent', async () => {
    await start({ timeoutMs: 300 });
    await wire.refuse();
    wire.cut();
    await waitFor(() => wire.connections === 0);
    await turn();
    const [append, commit] = await Promise.allSettled([
      backend.log.append('unsent', [anEvent()], KEEP),
      backend.documents.commit('unsent', { set: new Map([['a', '1']]), del: [], operationId: 'o' }, KEEP),
    ]);
    for (const { reason } of [append, commit] as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: 'unavailable', temporary: true });
      expect((reason as { details?: unknown }).details).toBeUndefined();
    }
  });

  it('lets nothing wait for longer than the time-out, however much waits for one channel', async () => {
    await start({ timeoutMs: 500 });
    await wire.refuse();
    wire.cut();
    await waitFor(() => wire.connections === 0);
    const before = performance.now();
    const append = async (data = '0'): Promise<string> =>
      backend.log.append('crowded', [anEvent({ data })], KEEP).then(
        () => 'stored',
        (error: { code: string }) => error.code,
      );
    const outcomes = await Promise.all(numbers(4_000).map(() => append()));
    // One call after another, each with a time-out of its own, would take 10 s.
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(new Set(outcomes)).toEqual(new Set(['unavailable']));

    await wire.accept();
    await waitFor(async () => (await append('1')) === 'stored');
    expect(new Set(await dataOf(backend.log, 'crowded'))).toEqual(new Set([1]));
  });

  it('lets wait as many bytes as were allowed, and sends these when it is back', async () => {
    await start({ maxWaitingBytes: 10_000 });
    await wire.refuse();
    wire.cut();
    await waitFor(() => wire.connections === 0);
    const data = JSON.stringify('x'.repeat(1_000));
    const appends = CHANNELS.map((channel) => backend.log.append(channel, [anEvent({ data })], KEEP));
    const commit = backend.documents.commit(
      'd',
      { set: new Map([['a', data]]), del: [], operationId: 'o' },
      KEEP,
    );
    await expect(commit).rejects.toMatchObject({
      code: 'unavailable',
      message: 'too much is waiting for Redis',
    });
    await wire.accept();
    const outcomes = await Promise.allSettled(appends);
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array<string>(7).fill('fulfilled'),
      ...Array<string>(3).fill('rejected'),
    ]);
    await backend.log.append('again', [anEvent({ data })], KEEP);
  });

  it('is told to those who listen, when it went and when everything is followed again', async () => {
    await start();
    const told: string[] = [];
    backend.onAvailability((availability) => told.push(availability));
    backend.onInterrupted(() => told.push('interrupted'));
    const received: string[] = [];
    await backend.log.follow('followed', (entries) => received.push(...entries.map(({ data }) => data)));
    wire.cut();
    await waitFor(() => told.length === 3);
    expect(told).toEqual(['unavailable', 'available', 'interrupted']);
    await backend.log.append('followed', [anEvent({ data: '1' })], KEEP);
    await waitFor(() => received.length === 1);
  });

  it('is subscribed to again as long as somebody follows, and no longer', async () => {
    await start();
    const unfollow = await backend.log.follow('left', () => {});
    await backend.log.follow('kept', () => {});
    await wire.refuse();
    wire.cut();
    await waitFor(() => wire.connections === 0);
    unfollow();
    await wire.accept();
    const channels = () => redisCommand(redis.port, ['PUBSUB', 'CHANNELS', '*']);
    await waitFor(async () => ((await channels()) as string[]).length > 0);
    expect(await channels()).toEqual(['nestwire:{kept}:live']);
  });

  it('ends what waits at once when the backend stops', async () => {
    await start({ timeoutMs: 60_000 });
    await wire.refuse();
    wire.cut();
    await waitFor(() => wire.connections === 0);
    const append = backend.log.append('stopped', [anEvent()], KEEP);
    append.catch(() => {});
    const before = performance.now();
    await backend.stop();
    await expect(append).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});
