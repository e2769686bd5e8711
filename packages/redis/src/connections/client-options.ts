import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { RedisBackendOptions, RedisClient } from '../redis.options.js';

/** The longest wait between two attempts to connect, in milliseconds. */
const MAX_RECONNECT_MS = 2_000;
/** How long a server may take to close a connection before it is torn down, in milliseconds. */
const DISCONNECT_TIMEOUT_MS = 250;

type Role = 'commands' | 'subscriber';

/** A server that says nothing for half the time that a caller has is given up, so that there is time for another try. */
export function patienceOf(timeoutMs: number): number {
  return Math.ceil(timeoutMs / 2);
}

/**
 * How every client is set, whatever the application asks for: nothing waits inside of it while its server is away, and it sends
 * nothing twice. Whoever calls waits, and decides.
 */
export function ownOptions(role: Role, timeoutMs: number): RedisOptions {
  return {
    connectionName: `nestwire:${role}`,
    lazyConnect: true,
    enableReadyCheck: true,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // What is under way when a connection breaks fails there and then; otherwise ioredis would never answer it.
    maxRetriesPerRequest: 0,
    connectTimeout: patienceOf(timeoutMs),
    sentinelCommandTimeout: patienceOf(timeoutMs),
    // For what is said before a connection is ready; afterwards there is the heartbeat.
    socketTimeout: timeoutMs,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxLoadingRetryTime: 500,
    retryStrategy: reconnectDelay,
    // A failover leaves us with a replica: the connection is made anew, to the master of now.
    reconnectOnError: (error) => error.message.includes('READONLY'),
    role: 'master',
    readOnly: false,
    monitor: false,
    stringNumbers: false,
    replyMapping: 'legacy',
  };
}

interface Created {
  /** Not connected yet. */
  client: RedisClient;
  /** What the application has ioredis put before every key. It goes into our own prefix, so that the client itself has none. */
  keyPrefix: string;
}

/** A client for commands, as the options say. */
export function createClient(options: RedisBackendOptions, timeoutMs: number): Created {
  const own = ownOptions('commands', timeoutMs);
  if ('client' in options && options.client !== undefined) return duplicate(options.client, own);
  if ('cluster' in options && options.cluster !== undefined) {
    const { cluster, clusterOptions } = options;
    const client = new Cluster([...cluster], {
      ...clusterOptions,
      ...ownClusterOptions(own, clusterOptions),
    });
    return { client, keyPrefix: text(clusterOptions?.keyPrefix ?? clusterOptions?.redisOptions?.keyPrefix) };
  }
  const redisOptions = { ...('options' in options ? options.options : undefined), ...own };
  const url = 'url' in options ? options.url : undefined;
  const client = url === undefined ? new Redis(redisOptions) : new Redis(url, redisOptions);
  const keyPrefix = text(client.options.keyPrefix);
  client.options.keyPrefix = '';
  return { client, keyPrefix };
}

function duplicate(given: RedisClient, own: RedisOptions): Created {
  const client = isCluster(given)
    ? given.duplicate([], ownClusterOptions(own, given.options))
    : given.duplicate({ ...own, keyPrefix: '' });
  return { client, keyPrefix: text(given.options.keyPrefix) };
}

function text(keyPrefix: string | Buffer | undefined): string {
  return keyPrefix === undefined ? '' : String(keyPrefix);
}

function ownClusterOptions(own: RedisOptions, given: ClusterOptions | undefined): ClusterOptions {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: true,
    enableAutoPipelining: false,
    scaleReads: 'master',
    clusterRetryStrategy: reconnectDelay,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    // For Socket.IO's adapter; our own following sees to itself.
    shardedSubscribers: true,
    keyPrefix: '',
    redisOptions: { ...given?.redisOptions, ...own, keyPrefix: '' },
  };
}

/** `instanceof` would not know a client of the application's own copy of ioredis. */
export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

export function reconnectDelay(times: number): number {
  return Math.random() * Math.min(MAX_RECONNECT_MS, 50 * 2 ** Math.min(times, 10));
}

/** Closes a connection; resolves when it is closed, or torn down. */
export async function close(client: RedisClient): Promise<void> {
  // One that is between two attempts has nothing to close, and says nothing more.
  const isOpen = !['wait', 'end', 'close', 'reconnecting'].includes(client.status);
  if (!isOpen) return client.disconnect();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 2 * DISCONNECT_TIMEOUT_MS);
    client.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
    client.disconnect();
  });
}
