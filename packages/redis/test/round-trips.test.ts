import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import type { Backend } from '@nestwire/realtime';
import { anEvent, KEEP, numbers } from './support/log.js';
import { count } from './support/observed.js';

/** What Redis itself counted, of commands that say what a call costs. */
describe('round trips', () => {
  let redis: RedisServer;
  let backend: Backend;

  beforeAll(async () => {
    redis = await startRedis();
    backend = redisBackend({ url: redis.url });
    await backend.start();
    // Every script is known from here on.
    await backend.log.append('warm', [anEvent()], KEEP);
    await commit('warm');
    await backend.log.end('warm', KEEP);
  });

  afterAll(async () => {
    await backend.stop();
    await redis[Symbol.asyncDispose]();
  });

  const commit = (id: string) =>
    backend.documents.commit(
      id,
      { set: new Map(numbers(20).map((n) => [`field${n}`, `${n}`])), del: ['gone'], operationId: `${id}-1` },
      KEEP,
    );

  it('a publish is one call and one message', async () => {
    const counted = await count(redis.port);
    await backend.log.append('one', [anEvent()], KEEP);
    const { calls } = await counted();
    expect(calls).toMatchObject({ evalsha: 1, publish: 1, xadd: 2 });
    expect(calls).not.toHaveProperty('eval');
  });

  it('so is one with an idempotency key', async () => {
    const counted = await count(redis.port);
    await backend.log.append('keyed', [anEvent({ idempotencyKey: 'k' })], KEEP);
    expect((await counted()).calls).toMatchObject({ evalsha: 1, publish: 1 });
    await backend.log.append('keyed', [anEvent({ idempotencyKey: 'k' })], KEEP);
    expect((await counted()).calls).toMatchObject({ evalsha: 2, publish: 1 });
  });

  it('many publishes to one channel in one tick are one call and one message', async () => {
    const counted = await count(redis.port);
    await Promise.all(numbers(150).map(() => backend.log.append('burst', [anEvent()], KEEP)));
    expect((await counted()).calls).toMatchObject({ evalsha: 1, publish: 1 });
  });

  it('publishes to a hundred channels in one tick go out in one write', async () => {
    const counted = await count(redis.port);
    await Promise.all(numbers(100).map((n) => backend.log.append(`many:${n}`, [anEvent()], KEEP)));
    const { calls, reads } = await counted();
    expect(calls).toMatchObject({ publish: 100 });
    // Redis reads 16 KB at a time; and whoever counts has connected and asked too.
    expect(reads).toBeLessThan(25);
  });

  it('so do reads of a hundred channels', async () => {
    const counted = await count(redis.port);
    await Promise.all(numbers(100).map((n) => backend.log.end(`many:${n}`, KEEP)));
    expect((await counted()).reads).toBeLessThan(25);
  });

  it('a commit of many fields is one call and one message', async () => {
    const counted = await count(redis.port);
    await commit('document');
    expect((await counted()).calls).toMatchObject({ evalsha: 1, publish: 1, hmget: 1 });
  });

  it('a commit of one field or of many costs five commands of Redis, whatever the document holds', async () => {
    const { documents } = backend;
    const change = (id: string, fields: number, value: string) => {
      const set = new Map(numbers(fields).map((n) => [`field${n}`, `"${value}"`]));
      return documents.commit(id, { set, del: [], operationId: `${id}-${value}` }, KEEP);
    };
    for (const fields of [1, 400]) await change(`of ${fields}`, 400, '0');
    const counted = await count(redis.port);
    for (const fields of [1, 400])
      for (const n of numbers(10)) await change(`of ${fields}`, fields, `${(n + 1) % 10}`);
    const { calls } = await counted();
    expect(calls).toMatchObject({ evalsha: 20, hmget: 20, time: 20, xadd: 20, hset: 20, publish: 20 });
    expect(calls).not.toHaveProperty('pexpire');
  });

  it('a removal costs as many commands, of one field or of many', async () => {
    const { documents } = backend;
    const set = new Map(numbers(401).map((n) => [`field${n}`, '1']));
    for (const id of ['few', 'many']) await documents.commit(id, { set, del: [], operationId: id }, KEEP);
    const remove = async (id: string, fields: number) => {
      const counted = await count(redis.port);
      const del = numbers(fields).map((n) => `field${n}`);
      await documents.commit(id, { set: new Map(), del, operationId: `${id} less` }, KEEP);
      const { calls } = await counted();
      const { hmget, hset, hdel, zadd, publish } = calls;
      return { hmget, hset, hdel, zadd, publish };
    };
    expect(await remove('many', 400)).toEqual(await remove('few', 1));
  });

  it('an append to a channel that is in use costs four commands of Redis, whatever its history is', async () => {
    await backend.log.append('used', [anEvent()], { size: 100_000, ttlMs: 60_000 });
    const counted = await count(redis.port);
    for (const _ of numbers(10))
      await backend.log.append('used', [anEvent()], { size: 100_000, ttlMs: 60_000 });
    const { calls } = await counted();
    expect(calls).toMatchObject({ evalsha: 10, hmget: 10, time: 10, xadd: 10, hset: 10, publish: 10 });
    expect(calls).not.toHaveProperty('pexpire');
  });
});
