import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import type { RedisClients } from './connections/redis-clients.js';
import type { RedisClient } from './redis.options.js';
import { awareOfAbsence } from './socket-io-away.js';

const SUBSCRIBE = new Set(['subscribe', 'psubscribe', 'ssubscribe']);
const UNSUBSCRIBE = new Set(['unsubscribe', 'punsubscribe', 'sunsubscribe']);
const PUBLISH = new Set(['publish', 'spublish']);

type Method = (...args: unknown[]) => unknown;

/**
 * Socket.IO's own Redis adapter on our connections, for the application's gateways: rooms, `fetchSockets` and `disconnectSockets` span
 * all nodes. What it publishes while Redis is away is lost, as it always is with it; Nestwire's own events go through the log.
 */
export function socketIoAdapter(
  clients: RedisClients,
  name: string,
  report: (error: unknown) => void,
): (namespace: unknown) => unknown {
  const { commands, subscriber, isCluster, availability } = clients;
  const subscriptions = new Subscribed(subscriber, report);
  // A cluster's client subscribes again by itself.
  if (!isCluster)
    availability.onAvailability((now) => (now === 'available' ? subscriptions.restore() : undefined));
  const [publisher, listener] = [commands, subscriber].map((client) =>
    watched(client, subscriptions, report),
  );
  // Socket.IO calls it with `new`, once the backend has started.
  return function adapterOf(namespace: unknown): unknown {
    const adapter = clients.isSharded
      ? createShardedAdapter(publisher, listener, { channelPrefix: name })(namespace)
      : createAdapter(publisher, listener, { key: name, publishOnSpecificResponseChannel: true })(namespace);
    return awareOfAbsence(adapter, availability, report);
  };
}

/** What the adapters have subscribed to: they do it once. */
class Subscribed {
  private readonly names = new Map<string, Set<string>>();

  constructor(
    private readonly client: RedisClient,
    private readonly report: (error: unknown) => void,
  ) {}

  note(method: string, names: readonly string[]): void {
    const kind = method.replace(/^(s|p)?(un)?subscribe$/, '$1subscribe');
    const known = this.names.get(kind) ?? new Set();
    this.names.set(kind, known);
    for (const name of names) {
      if (SUBSCRIBE.has(method)) known.add(name);
      else known.delete(name);
    }
  }

  restore(): void {
    for (const [kind, names] of this.names) {
      if (names.size === 0) continue;
      const subscribe = this.client[kind as 'subscribe' | 'psubscribe' | 'ssubscribe'];
      subscribe.apply(this.client, [...names]).catch(this.report);
    }
  }
}

/** The client, with a report in the place of an unhandled rejection, which would end the process. */
function watched(
  client: RedisClient,
  subscriptions: Subscribed,
  report: (error: unknown) => void,
): RedisClient {
  return new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function' || property === 'constructor') return value;
      const method = String(property);
      const isSubscription = SUBSCRIBE.has(method) || UNSUBSCRIBE.has(method);
      if (!isSubscription && !PUBLISH.has(method)) return value.bind(target) as unknown;
      return (...args: unknown[]) => {
        if (isSubscription) subscriptions.note(method, args.flat().map(String));
        return Promise.resolve((value as Method).apply(target, args)).catch(report);
      };
    },
  });
}
