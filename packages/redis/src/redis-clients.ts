import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisBackendOptions, RedisClient, ResolvedRedisSettings } from './redis.options.js';
import { failureOf, refused, unavailable } from './redis-errors.js';

/** The longest wait between two attempts to connect, in milliseconds. */
const MAX_RECONNECT_MS = 2_000;
/** How often the subscribing connection is asked whether it lives: it has no other commands whose answer could fail to come. */
const PING_INTERVAL_MS = 5_000;

type Role = 'commands' | 'subscriber';
export type Availability = 'available' | 'unavailable';

/**
 * The two connections to Redis: one for commands, one that listens (a cluster's client holds both in itself).
 * Nothing is queued while one is away, and nothing is sent twice by the client library: whoever calls waits for its return
 * and decides, see {@link attempt}.
 */
export class RedisClients {
  readonly commands: RedisClient;
  readonly subscriber: RedisClient;
  private readonly listeners = new Set<(availability: Availability) => void>();
  private readonly watchers: (() => void)[] = [];
  private availability: Availability = 'unavailable';
  private pinger: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly options: RedisBackendOptions,
    private readonly settings: ResolvedRedisSettings,
    private readonly report: (error: unknown) => void,
  ) {
    this.commands = this.create('commands');
    this.subscriber = this.commands instanceof Cluster ? this.commands : this.create('subscriber');
    for (const client of new Set([this.commands, this.subscriber])) this.observe(client);
  }

  get isCluster(): boolean {
    return this.commands instanceof Cluster;
  }

  get isAvailable(): boolean {
    return this.availability === 'available';
  }

  /** Connects; rejects where Redis cannot be reached within the time-out. */
  async start(): Promise<void> {
    const clients = [...new Set([this.commands, this.subscriber])];
    for (const client of clients) client.connect().catch(() => undefined);
    if (!(await this.becameAvailable(performance.now() + this.settings.timeoutMs))) {
      this.stop();
      throw unavailable(false);
    }
    this.pinger = setInterval(() => void this.ping(), PING_INTERVAL_MS).unref();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.pinger);
    for (const client of new Set([this.commands, this.subscriber])) client.disconnect();
  }

  /** Hears of every change. Returns what ends it. */
  onAvailability(listener: (availability: Availability) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /**
   * Runs a command, waits while Redis is away, and tries again where the connection broke: `isRetry` says that it may have run.
   * @throws RealtimeError `unavailable` when the time-out is over, with `details.outcome` `"unknown"` where it may have run;
   * `internal` where the server has refused.
   */
  async attempt<T>(run: (client: RedisClient, isRetry: boolean) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.settings.timeoutMs;
    let mayHaveRun = false;
    let cause: unknown;
    while (await this.becameAvailable(deadline)) {
      try {
        return await within(deadline, run(this.commands, mayHaveRun));
      } catch (error) {
        const failure = failureOf(error);
        if (failure === 'final') throw refused(error);
        mayHaveRun ||= failure === 'broken';
        cause = error;
        await sleep(Math.min(20 + Math.random() * 80, Math.max(0, deadline - performance.now())));
      }
    }
    throw unavailable(mayHaveRun, cause);
  }

  private async becameAvailable(deadline: number): Promise<boolean> {
    while (!this.isAvailable && !this.stopped && performance.now() < deadline)
      await this.nextChange(deadline);
    return this.isAvailable && performance.now() < deadline;
  }

  private nextChange(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.max(0, deadline - performance.now()));
      const stop = this.onAvailability(done);
      function done(): void {
        clearTimeout(timer);
        stop();
        resolve();
      }
    });
  }

  private observe(client: RedisClient): void {
    client.on('error', (error: unknown) => this.report(error));
    for (const event of ['ready', 'close', 'end', 'reconnecting']) client.on(event, () => this.assess());
  }

  private assess(): void {
    const isReady = this.commands.status === 'ready' && this.subscriber.status === 'ready';
    const availability = isReady && !this.stopped ? 'available' : 'unavailable';
    if (availability === this.availability) return;
    this.availability = availability;
    for (const listener of this.listeners) listener(availability);
  }

  /** A connection whose other side has vanished without a word is cut, and made anew. */
  private async ping(): Promise<void> {
    if (this.subscriber instanceof Cluster || this.subscriber.status !== 'ready') return;
    try {
      await within(performance.now() + this.settings.timeoutMs, this.subscriber.ping());
    } catch {
      if (!this.stopped) this.subscriber.disconnect(true);
    }
  }

  private create(role: Role): RedisClient {
    const options = this.options;
    const settings: RedisOptions = {
      connectionName: `nestwire:${role}`,
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // For Socket.IO's adapter, which subscribes once; our own following sees to itself.
      autoResubscribe: true,
      // Whatever is under way when a connection breaks fails there and then: otherwise ioredis never answers it.
      maxRetriesPerRequest: role === 'commands' ? 0 : null,
      enableAutoPipelining: role === 'commands',
      socketTimeout: this.settings.timeoutMs,
      retryStrategy: reconnectDelay,
      // A failover leaves us with a replica: the connection is made anew, to the master of now.
      reconnectOnError: (error) => error.message.includes('READONLY'),
    };
    if ('url' in options) return new Redis(options.url, { ...options.options, ...settings });
    if ('cluster' in options) return this.createCluster(options, settings);
    if ('client' in options) return this.duplicate(options.client, settings);
    return new Redis({ ...options.options, ...settings });
  }

  private createCluster(
    { cluster, clusterOptions }: Extract<RedisBackendOptions, { cluster: unknown }>,
    settings: RedisOptions,
  ): Cluster {
    return new Cluster(cluster, {
      ...clusterOptions,
      ...this.clusterSettings(settings, clusterOptions?.redisOptions),
    });
  }

  private duplicate(client: RedisClient, settings: RedisOptions): RedisClient {
    if (!(client instanceof Cluster)) return client.duplicate(settings);
    return client.duplicate([], this.clusterSettings(settings, client.options.redisOptions));
  }

  private clusterSettings(settings: RedisOptions, redisOptions: RedisOptions | undefined): object {
    const { connectionName, socketTimeout, autoResendUnfulfilledCommands } = settings;
    return {
      lazyConnect: true,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      shardedSubscribers: this.settings.sharded !== false,
      clusterRetryStrategy: reconnectDelay,
      redisOptions: { ...redisOptions, connectionName, socketTimeout, autoResendUnfulfilledCommands },
    };
  }
}

function reconnectDelay(times: number): number {
  return Math.random() * Math.min(MAX_RECONNECT_MS, 50 * 2 ** Math.min(times, 10));
}

async function within<T>(deadline: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error('no answer in time')),
      Math.max(0, deadline - performance.now()),
    );
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
