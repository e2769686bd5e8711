import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Proxy,
  type RedisServer,
  redisCommand,
  startProxy,
  startRedis,
  waitFor,
} from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import type { Backend, History } from '@nestwire/realtime';
import { anEvent, dataOf, KEEP, numbers, silence, started } from './support/log.js';

const SHORT: History = { size: 1, ttlMs: 60_000 };
const UNKNOWN = { code: 'unavailable', details: { outcome: 'unknown' } };

describe('what was sent over a connection that broke, while others go on', () => {
  silence();

  let redis: RedisServer;
  let wire: Proxy;
  let backend: Backend & AsyncDisposable;
  let others: Backend & AsyncDisposable;

  beforeAll(async () => {
    redis = await startRedis();
    others = await started(redisBackend({ url: redis.url }));
  });

  beforeEach(async () => {
    await redisCommand(redis.port, ['FLUSHALL']);
    wire = await startProxy({ to: redis.port });
    backend = await started(redisBackend({ url: `redis://127.0.0.1:${wire.port}` }));
  });

  afterEach(async () => {
    await backend[Symbol.asyncDispose]();
    await wire[Symbol.asyncDispose]();
  });

  afterAll(async () => {
    await others?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  function tryAgain(): void {
    wire.cut();
    wire.release();
  }

  function crowd(channel: string, count: number, history: History): Promise<unknown> {
    const events = numbers(count).map((n) => anEvent({ data: `${n}` }));
    return others.log.append(channel, events, history);
  }

  /** How often an event is received whose answer is lost, with so many of others after it, and what became of it. */
  async function loseAnswer(channel: string, count: number, history: History, idempotencyKey?: string) {
    const received: string[] = [];
    const unfollow = await others.log.follow(channel, (entries) => {
      received.push(...entries.map(({ data }) => data));
    });
    await backend.log.append(channel, [anEvent()], history);
    wire.hold('replies');
    const append = backend.log.append(channel, [anEvent({ data: '-1', idempotencyKey })], history);
    append.catch(() => {});
    await waitFor(() => received.includes('-1'));
    await crowd(channel, count, history);
    tryAgain();
    const [outcome] = await Promise.allSettled([append]);
    await others.log.append(channel, [anEvent({ data: '-2' })], history);
    await waitFor(() => received.includes('-2'));
    unfollow();
    return { copies: received.filter((data) => data === '-1').length, outcome };
  }

  it('is found among theirs, and is there once', async () => {
    const { copies, outcome } = await loseAnswer('few', 300, KEEP);
    expect(outcome).toMatchObject({ status: 'fulfilled', value: [{ duplicate: true }] });
    expect(copies).toBe(1);
  });

  it.each([
    ['too many to look at', 1_100, KEEP],
    ['more than the history holds', 500, SHORT],
  ])('is not stored again where theirs are %s: it is told that its outcome is unknown', async (...given) => {
    const [, count, history] = given;
    const { copies, outcome } = await loseAnswer('many', count, history);
    expect(outcome).toMatchObject({ status: 'rejected', reason: UNKNOWN });
    expect(copies).toBe(1);
  });

  it('is found by its idempotency key however many they are', async () => {
    const { copies, outcome } = await loseAnswer('keyed', 1_100, KEEP, 'key');
    expect(outcome).toMatchObject({ status: 'fulfilled', value: [{ duplicate: true }] });
    expect(copies).toBe(1);
  });

  it('is stored where it had not arrived', async () => {
    await backend.log.append('unsent', [anEvent({ data: '-1' })], KEEP);
    wire.hold('requests');
    const append = backend.log.append('unsent', [anEvent({ data: '-2' })], KEEP);
    await waitFor(() => wire.pending > 0);
    await crowd('unsent', 300, KEEP);
    tryAgain();
    expect(await append).toMatchObject([{ duplicate: false }]);
    expect((await dataOf(others.log, 'unsent')).at(-1)).toBe(-2);
  });

  it('does not undo what others have written to a document since', async () => {
    const patch = (by: Backend, value: number) =>
      by.documents.commit(
        'd',
        { set: new Map([['a', `${value}`]]), del: [], operationId: `o${value}` },
        SHORT,
      );
    await patch(backend, -1);
    wire.hold('replies');
    const commit = patch(backend, -2);
    commit.catch(() => {});
    const read = async () => (await others.documents.read('d'))?.fields.get('a')?.value;
    await waitFor(async () => (await read()) === '-2');
    await Promise.all(numbers(300).map((n) => patch(others, n)));
    tryAgain();
    await expect(commit).rejects.toMatchObject(UNKNOWN);
    expect(await read()).toBe('299');
  });
});
