import { afterAll, beforeAll, describe } from '@jest/globals';
import { type RedisServer, startRedis } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import { allSuites, registerSuites } from './register.js';

describe('Redis', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  registerSuites(allSuites, () => redisBackend({ url: redis.url, timeoutMs: 30_000 }));
});
