import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, redisCommand, startRedis, waitFor } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import type { Backend } from '@nestwire/realtime';
import { anEvent, KEEP, numbers, silence, started } from './support/log.js';
import { count } from './support/observed.js';

describe('what many clients who come at once make a node ask', () => {
  silence();

  let redis: RedisServer;
  let backend: Backend & AsyncDisposable;

  beforeAll(async () => {
    redis = await startRedis();
    backend = await started(redisBackend({ url: redis.url }));
    await Promise.all([backend.log.end('warm', KEEP), backend.limits.hold('warm', 'a', 1)]);
  });

  afterAll(async () => {
    await backend?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  it('is one call for the ends of a hundred logs, each of its own', async () => {
    const appended = await Promise.all(
      numbers(100).map((n) => backend.log.append(`ends:${n}`, [anEvent()], KEEP)),
    );
    const counted = await count(redis.port);
    const ends = await Promise.all(numbers(100).map((n) => backend.log.end(`ends:${n}`, KEEP)));
    expect((await counted()).calls).toMatchObject({ evalsha: 1 });
    expect(ends).toEqual(appended.map(([first]) => first!.position));
  });

  it('is one call for what nodes hold under a hundred keys, each with its own answer', async () => {
    const counted = await count(redis.port);
    const held = await Promise.all(numbers(100).map((n) => backend.limits.hold(`held:${n}`, 'a', n + 1)));
    expect((await counted()).calls).toMatchObject({ evalsha: 1 });
    expect(held).toEqual(numbers(100).map((n) => new Map([['a', n + 1]])));
  });

  it('is a few calls for a thousand', async () => {
    const counted = await count(redis.port);
    const ends = await Promise.all(numbers(1_000).map((n) => backend.log.end(`born:${n}`, KEEP)));
    expect((await counted()).calls).toMatchObject({ evalsha: 4 });
    expect(new Set(ends.map(({ epoch }) => epoch)).size).toBe(1_000);
  });

  it('is one subscription for a hundred channels', async () => {
    const counted = await count(redis.port);
    const unfollows = await Promise.all(
      numbers(100).map((n) => backend.log.follow(`followed:${n}`, () => undefined)),
    );
    expect((await counted()).calls).toMatchObject({ subscribe: 1 });
    for (const unfollow of unfollows) unfollow();
  });

  it('fails alone where Redis refuses one of them', async () => {
    await redisCommand(redis.port, ['SET', 'nestwire:{refused:5}:log', 'text']);
    const ends = await Promise.allSettled(numbers(10).map((n) => backend.log.end(`refused:${n}`, KEEP)));
    expect(ends.map(({ status }) => status)).toEqual(
      numbers(10).map((n) => (n === 5 ? 'rejected' : 'fulfilled')),
    );
    expect(ends[5]).toMatchObject({ reason: { code: 'internal' } });
  });

  it('hears of a channel that was let go of and wanted again in one turn', async () => {
    const heard: string[] = [];
    const first = backend.log.follow('again', () => heard.push('first'));
    (await first)();
    const [second, third] = [
      backend.log.follow('again', () => heard.push('second')),
      backend.log.follow('again', () => heard.push('third')),
    ];
    (await second)();
    await third;
    await backend.log.append('again', [anEvent()], KEEP);
    await waitFor(() => heard.length > 0);
    expect(heard).toEqual(['third']);
  });
});
