import { Logger } from '@nestjs/common';
import type { Backend } from '@nestwire/realtime';
import { ByteBudget } from './byte-budget.js';
import { RedisClients } from './connections/redis-clients.js';
import { Follower } from './follower.js';
import { Keys } from './keys.js';
import { RedisCommandStore } from './redis-command-store.js';
import { RedisDocumentStore } from './redis-document-store.js';
import { RedisEventLog } from './redis-event-log.js';
import { RedisLimitStore } from './redis-limit-store.js';
import { RedisNodes } from './redis-nodes.js';
import { RedisSessionStore } from './redis-session-store.js';
import { RedisWriter } from './redis-writer.js';
import { assertFitting, type RedisBackendOptions, resolveSettings } from './redis.options.js';
import { socketIoAdapter } from './socket-io-adapter.js';
import { ThrottledLog } from './throttled-log.js';

/**
 * Everything on Redis (6.2 and newer, Valkey, Sentinel, Cluster), for as many processes and machines as there are.
 * @throws Error where an option is not allowed.
 */
export function redisBackend(options: RedisBackendOptions): Backend {
  const settings = resolveSettings(options);
  const log = new ThrottledLog(new Logger('Nestwire'));
  const report = (error: unknown): void => log.warn(error);
  const clients = new RedisClients(options, settings, report);
  assertFitting(settings, clients.isCluster);
  const keyPrefix = clients.keyPrefix + settings.keyPrefix;
  const keys = new Keys(keyPrefix, clients.database);
  const writer = new RedisWriter(clients, settings);
  const budget = new ByteBudget(settings.maxWaitingBytes);
  const follower = new Follower(clients, keys, settings.timeoutMs, report);
  const nodes = new RedisNodes(clients, keys, report);
  return {
    name: 'redis',
    shared: true,
    log: new RedisEventLog(writer, keys, follower, budget, clients.isCluster, settings.timeoutMs),
    documents: new RedisDocumentStore(writer, clients, keys, budget),
    sessions: new RedisSessionStore(writer, clients, keys),
    commands: new RedisCommandStore(writer, keys),
    limits: new RedisLimitStore(writer, clients, keys),
    nodes,
    socketIoAdapter: socketIoAdapter(clients, keys.socketIo, report),
    onAvailability: (listener) => clients.availability.onAvailability(listener),
    onInterrupted: (listener) => clients.availability.onInterrupted(listener),
    start: async () => {
      await clients.start();
      await nodes.start();
    },
    stop: async () => {
      await nodes.stop();
      await clients.stop();
    },
  };
}
