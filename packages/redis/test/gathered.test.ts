import { beforeAll, describe, expect, it } from '@jest/globals';
import { redisCommand, waitFor } from '@nestwire/harness';
import { anEvent, backendForAll, KEEP, numbers, silence } from './support/log.js';
import { count } from './support/observed.js';

describe('what many clients who come at once make a node ask', () => {
  silence();

  const on = backendForAll();

  beforeAll(() => Promise.all([on.backend.log.end('warm', KEEP), on.backend.limits.hold('warm', 'a', 1)]));

  it('is one call for the ends of a hundred logs, each of its own', async () => {
    const appended = await Promise.all(
      numbers(100).map((n) => on.backend.log.append(`ends:${n}`, [anEvent()], KEEP)),
    );
    const counted = await count(on.redis.port);
    const ends = await Promise.all(numbers(100).map((n) => on.backend.log.end(`ends:${n}`, KEEP)));
    expect((await counted()).calls).toMatchObject({ evalsha: 1 });
    expect(ends).toEqual(appended.map(([first]) => first!.position));
  });

  it('is one call for what nodes hold under a hundred keys, each with its own answer', async () => {
    const counted = await count(on.redis.port);
    const held = await Promise.all(numbers(100).map((n) => on.backend.limits.hold(`held:${n}`, 'a', n + 1)));
    expect((await counted()).calls).toMatchObject({ evalsha: 1 });
    expect(held).toEqual(numbers(100).map((n) => new Map([['a', n + 1]])));
  });

  it('is a few calls for a thousand', async () => {
    const counted = await count(on.redis.port);
    const ends = await Promise.all(numbers(1_000).map((n) => on.backend.log.end(`born:${n}`, KEEP)));
    expect((await counted()).calls).toMatchObject({ evalsha: 4 });
    expect(new Set(ends.map(({ epoch }) => epoch)).size).toBe(1_000);
  });

  it('is one subscription for a hundred channels', async () => {
    const counted = await count(on.redis.port);
    const unfollows = await Promise.all(
      numbers(100).map((n) => on.backend.log.follow(`followed:${n}`, () => undefined)),
    );
    expect((await counted()).calls).toMatchObject({ subscribe: 1 });
    for (const unfollow of unfollows) unfollow();
  });

  it('fails alone where Redis refuses one of them', async () => {
    await redisCommand(on.redis.port, ['SET', 'nestwire:{refused:5}:log', 'text']);
    const ends = await Promise.allSettled(numbers(10).map((n) => on.backend.log.end(`refused:${n}`, KEEP)));
    expect(ends.map(({ status }) => status)).toEqual(
      numbers(10).map((n) => (n === 5 ? 'rejected' : 'fulfilled')),
    );
    expect(ends[5]).toMatchObject({ reason: { code: 'internal' } });
  });

  it('hears of a channel that was let go of and wanted again in one turn', async () => {
    const heard: string[] = [];
    const first = on.backend.log.follow('again', () => heard.push('first'));
    (await first)();
    const [second, third] = [
      on.backend.log.follow('again', () => heard.push('second')),
      on.backend.log.follow('again', () => heard.push('third')),
    ];
    (await second)();
    await third;
    await on.backend.log.append('again', [anEvent()], KEEP);
    await waitFor(() => heard.length > 0);
    expect(heard).toEqual(['third']);
  });
});
