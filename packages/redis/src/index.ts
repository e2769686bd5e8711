export { redisBackend } from './redis-backend.js';
export type { RedisBackendOptions, RedisSettings, RedisTarget } from './redis.options.js';
