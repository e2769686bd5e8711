import { Logger } from '@nestjs/common';
import type { Backend } from '@nestwire/realtime';
import { Follower } from './follower.js';
import { Keys } from './keys.js';
import { RedisClients } from './redis-clients.js';
import { RedisCommandStore } from './redis-command-store.js';
import { RedisDocumentStore } from './redis-document-store.js';
import { RedisEventLog } from './redis-event-log.js';
import { RedisNodes } from './redis-nodes.js';
import { RedisSessionStore } from './redis-session-store.js';
import { RedisWriter } from './redis-writer.js';
import { type RedisBackendOptions, resolveSettings } from './redis.options.js';
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
  const keys = new Keys(settings.keyPrefix);
  const sharded = clients.isCluster && settings.sharded !== false;
  const writer = new RedisWriter(clients, settings, () => (sharded ? 'SPUBLISH' : 'PUBLISH'));
  const follower = new Follower(clients, keys, sharded, report);
  const nodes = new RedisNodes(clients, keys, report);
  return {
    name: 'redis',
    shared: true,
    log: new RedisEventLog(writer, keys, follower, settings.maxWaitingBytes),
    documents: new RedisDocumentStore(writer, clients, keys),
    sessions: new RedisSessionStore(writer, clients, keys),
    commands: new RedisCommandStore(writer, keys),
    nodes,
    socketIoAdapter: socketIoAdapter(clients, { sharded, keyPrefix: settings.keyPrefix }, report),
    onAvailability: (listener) => clients.onAvailability(listener),
    onInterrupted: (listener) => follower.onInterrupted(listener),
    start: async () => {
      await clients.start();
      await nodes.start();
    },
    stop: async () => {
      await nodes.stop();
      clients.stop();
    },
  };
}
