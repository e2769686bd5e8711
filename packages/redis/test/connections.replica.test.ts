import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, redisCommand, startRedis, waitFor } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import { anEvent, dataOf, KEEP, silence, started } from './support/log.js';

describe('a server that was made a replica by hand', () => {
  silence();

  let redis: RedisServer;
  let master: RedisServer;

  beforeAll(async () => {
    [redis, master] = await Promise.all([startRedis(), startRedis()]);
  });

  afterAll(async () => {
    await Promise.all([redis, master].map((server) => server?.[Symbol.asyncDispose]()));
  });

  const follow = (...of: (string | number)[]) => redisCommand(redis.port, ['REPLICAOF', ...of]);
  const connections = async (): Promise<number> => {
    const stats = String(await redisCommand(redis.port, ['INFO', 'stats']));
    return Number(/total_connections_received:(\d+)/.exec(stats)![1]);
  };

  it('is away, once and for as long as it is one, and back without a restart', async () => {
    await using backend = await started(redisBackend({ url: redis.url, timeoutMs: 1_000 }));
    const told: string[] = [];
    backend.onAvailability((availability) => told.push(availability));
    await backend.log.append('before', [anEvent()], KEEP);

    await follow('127.0.0.1', master.port);
    const append = () => backend.log.append('c', [anEvent({ data: '1' })], KEEP);
    await expect(append()).rejects.toMatchObject({ code: 'unavailable' });
    // It is looked at again and again meanwhile.
    const before = await connections();
    await waitFor(async () => (await connections()) > before + 3);
    expect(told).toEqual(['unavailable']);

    await follow('NO', 'ONE');
    await waitFor(() => told.length === 2);
    await append();
    expect(await dataOf(backend.log, 'c')).toEqual([1]);
    expect(told).toEqual(['unavailable', 'available']);
  });

  it('is refused at start-up, with the reason', async () => {
    await follow('127.0.0.1', master.port);
    await expect(redisBackend({ url: redis.url, timeoutMs: 500 }).start()).rejects.toThrow(
      'Redis cannot be reached within 500 ms: the server is a replica, which takes no writes',
    );
    await follow('NO', 'ONE');
  });
});
