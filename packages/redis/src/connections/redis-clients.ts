import type { RealtimeError } from '@nestwire/protocol';
import { described, unavailable } from '../redis-errors.js';
import type { RedisBackendOptions, RedisClient, ResolvedRedisSettings } from '../redis.options.js';
import { Attempts, type Work } from './attempts.js';
import { RedisAvailability } from './availability.js';
import { createClient, isCluster, ownOptions, patienceOf } from './client-options.js';
import { ClusterShards } from './cluster-shards.js';
import { ClusterSubscriptions } from './cluster-subscriptions.js';
import { assertMayRunScripts } from './script-rights.js';
import { assertVersion, isAtLeast, type ServerVersion, versionOf } from './server-version.js';
import type { Shards, ShardsListener } from './shards.js';
import { SingleShard } from './single-shard.js';
import { SubscriberConnection } from './subscriber-connection.js';
import type { Subscriptions, SubscriptionsListener } from './subscriptions.js';

/** Sharded pub/sub exists since then. */
const SHARDED_SINCE: ServerVersion = [7, 0];

/**
 * The connections to Redis: one for commands and one that listens, to each server that is needed. Nothing is queued while one is away, and
 * nothing is sent twice by the client library: see {@link Attempts}.
 */
export class RedisClients {
  readonly availability = new RedisAvailability();
  /** What the application's own client or options put before every key. */
  readonly keyPrefix: string;
  /** For Socket.IO's adapter. */
  readonly commands: RedisClient;
  readonly subscriber: RedisClient;
  readonly subscriptions: Subscriptions;
  /** Known once it has started. */
  isSharded = false;
  private readonly shards: Shards;
  private readonly attempts: Attempts;
  private readonly messageListeners = new Set<(key: string, message: string) => void>();
  private lastError: unknown;
  private isStopped = false;

  constructor(
    options: RedisBackendOptions,
    private readonly settings: ResolvedRedisSettings,
    private readonly report: (error: unknown) => void,
  ) {
    const { timeoutMs } = settings;
    const patienceMs = patienceOf(timeoutMs);
    const { client, keyPrefix } = createClient(options, timeoutMs);
    this.keyPrefix = keyPrefix;
    this.commands = client;
    const sharded = (): boolean => this.isSharded;
    if (isCluster(client)) {
      const shards = new ClusterShards(client, patienceMs, this.listener());
      this.shards = shards;
      this.subscriptions = new ClusterSubscriptions(shards, sharded, timeoutMs, this.listener());
      this.subscriber = client;
    } else {
      this.shards = new SingleShard(client, patienceMs, this.listener());
      this.subscriber = client.duplicate(ownOptions('subscriber', timeoutMs));
      this.subscriptions = new SubscriberConnection(this.subscriber, sharded, patienceMs, this.listener());
    }
    this.attempts = new Attempts(this.shards, timeoutMs);
  }

  get isCluster(): boolean {
    return isCluster(this.commands);
  }

  /** The number of the database: a cluster has only the first. */
  get database(): number {
    return isCluster(this.commands) ? 0 : (this.commands.options.db ?? 0);
  }

  /** Connects; rejects where Redis cannot be reached within the time-out, is too old, or lets its user run no scripts. */
  async start(): Promise<void> {
    this.shards.connect();
    this.subscriptions.connect();
    try {
      await this.reached();
      const clients = this.shards.ready.map(({ client }) => client);
      const versions = await Promise.all(clients.map(versionOf));
      for (const version of versions) assertVersion(version);
      await Promise.all(clients.map(assertMayRunScripts));
      this.isSharded = this.decideSharded(versions);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.attempts.stop();
    await Promise.all([this.shards.close(), this.subscriptions.close()]);
  }

  /** See {@link Attempts.run}. */
  attempt<T>(key: string, work: Work<T>, timeoutMs?: number): Promise<T> {
    return this.attempts.run(key, work, timeoutMs);
  }

  onMessage(listener: (key: string, message: string) => void): void {
    this.messageListeners.add(listener);
  }

  private listener(): ShardsListener & SubscriptionsListener {
    return {
      changed: () => this.changed(),
      restored: () => this.availability.interrupt(),
      received: (key, message) => {
        for (const listener of this.messageListeners) listener(key, message);
      },
      failed: (error) => {
        this.lastError = error;
        if (!this.isStopped) this.report(error);
      },
    };
  }

  private changed(): void {
    if (this.isStopped) return;
    this.attempts.wake();
    this.availability.update(this.shards.isWhole && this.subscriptions.isWhole);
  }

  private reached(): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        stop();
        reject(this.unreachable());
      };
      // A process that was busy for so long itself hears first what has happened meanwhile.
      const timer = setTimeout(() => setImmediate(giveUp), this.settings.timeoutMs);
      const stop = this.availability.onAvailability(() => {
        clearTimeout(timer);
        stop();
        resolve();
      });
    });
  }

  private unreachable(): RealtimeError {
    const { lastError } = this;
    const reason = lastError === undefined ? '' : `: ${described(lastError).message}`;
    return unavailable(
      false,
      lastError,
      `Redis cannot be reached within ${this.settings.timeoutMs} ms${reason}`,
    );
  }

  private decideSharded(versions: readonly (ServerVersion | undefined)[]): boolean {
    const canShard = versions.every((version) => version !== undefined && isAtLeast(version, SHARDED_SINCE));
    if (this.settings.sharded === true && !canShard)
      throw new Error('Nestwire: "sharded" is true, and not every server is Redis 7.0 or newer, or Valkey');
    return this.isCluster && canShard && this.settings.sharded !== false;
  }
}
