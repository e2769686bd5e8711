import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import {
  commandStoreConformance,
  documentStoreConformance,
  eventLogConformance,
  registerConformance,
  sessionStoreConformance,
} from '@nestwire/testing';

describe('Redis', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  const create = async () => ({
    backend: redisBackend({ url: redis.url }),
    peer: redisBackend({ url: redis.url }),
    patienceMs: 5_000,
  });

  registerConformance(eventLogConformance, create, { describe, it });
  registerConformance(documentStoreConformance, create, { describe, it });
  registerConformance(sessionStoreConformance, create, { describe, it });
  registerConformance(commandStoreConformance, create, { describe, it });
});
