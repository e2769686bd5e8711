import { afterAll, beforeAll, describe } from '@jest/globals';
import { type RedisSentinel, startSentinel } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import { allSuites, registerSuites } from './register.js';

describe('Redis with Sentinels', () => {
  let redis: RedisSentinel;

  beforeAll(async () => {
    redis = await startSentinel();
  });

  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  registerSuites(allSuites, () => {
    const { sentinels, name } = redis;
    return redisBackend({ options: { sentinels: [...sentinels], name }, timeoutMs: 30_000 });
  });
});
