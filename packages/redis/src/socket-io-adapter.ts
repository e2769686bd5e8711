import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import type { RedisClient } from './redis.options.js';
import type { RedisClients } from './redis-clients.js';

/** Methods of ioredis that the adapters call without looking at what becomes of it. */
const UNWATCHED = new Set([
  'publish',
  'spublish',
  'subscribe',
  'psubscribe',
  'ssubscribe',
  'unsubscribe',
  'punsubscribe',
  'sunsubscribe',
]);

/**
 * Socket.IO's own Redis adapter on our connections, for the application's gateways: rooms, `fetchSockets` and `disconnectSockets` span
 * all nodes. What it publishes while Redis is away is lost, as it always is with it; Nestwire's own events go through the log.
 */
export function socketIoAdapter(
  clients: RedisClients,
  { sharded, keyPrefix }: { sharded: boolean; keyPrefix: string },
  report: (error: unknown) => void,
): (namespace: unknown) => unknown {
  const [publisher, subscriber] = [watched(clients.commands, report), watched(clients.subscriber, report)];
  const name = `${keyPrefix}socket.io`;
  return sharded
    ? createShardedAdapter(publisher, subscriber, { channelPrefix: name })
    : createAdapter(publisher, subscriber, { key: name, publishOnSpecificResponseChannel: true });
}

/** The client, with a report in the place of an unhandled rejection, which would end the process. */
function watched(client: RedisClient, report: (error: unknown) => void): RedisClient {
  return new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function' || property === 'constructor') return value;
      if (!UNWATCHED.has(String(property))) return value.bind(target) as unknown;
      return (...args: unknown[]) =>
        Promise.resolve((value as (...all: unknown[]) => unknown).apply(target, args)).catch(report);
    },
  });
}
