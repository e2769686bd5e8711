export { launchBrowser } from './browser.js';
export { findProgram, type FindOptions } from './find-program.js';
export { freePort } from './free-port.js';
export { browserProgram, redisProgram, type Program } from './programs.js';
export { startRedis, type RedisOptions, type RedisServer } from './redis-server.js';
export { waitFor, type WaitOptions } from './wait-for.js';
