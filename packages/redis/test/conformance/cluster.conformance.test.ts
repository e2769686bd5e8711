import { afterAll, beforeAll, describe } from '@jest/globals';
import { type RedisCluster, startRedisCluster } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import { eventLogConformance } from '@nestwire/testing';
import { allSuites, registerSuites } from './register.js';

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster({ masters: 3, replicas: 0 });
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

describe('Redis Cluster', () => {
  registerSuites(allSuites, () => redisBackend({ cluster: [...cluster.nodes], timeoutMs: 30_000 }));
});

describe('Redis Cluster without sharded pub/sub', () => {
  registerSuites([eventLogConformance], () =>
    redisBackend({ cluster: [...cluster.nodes], sharded: false, timeoutMs: 30_000 }),
  );
});
