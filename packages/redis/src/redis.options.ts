import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';

export type RedisClient = Redis | Cluster;

/** Which server, in one of these ways. */
export type RedisTarget =
  /** `redis://user:password@host:port/db`, or `rediss://` with TLS. */
  | { url: string; options?: RedisOptions }
  /** Anything that ioredis takes: host and port, TLS, Sentinels. */
  | { options: RedisOptions }
  /** Some nodes of a Redis Cluster. */
  | { cluster: ClusterNode[]; clusterOptions?: ClusterOptions }
  /** The application's own client; connections of its kind are made beside it, and it stays the application's to close. */
  | { client: RedisClient };

export interface RedisSettings {
  /** Before every key. Default `nestwire:`. No braces: they belong to the hash tags. */
  keyPrefix?: string;
  /** How long a publish, a commit or a read waits while Redis is away, in milliseconds. Default 5,000. */
  timeoutMs?: number;
  /** Bytes of events that may wait for Redis on this node; those beyond fail at once. Default 16,777,216 (16 MB). */
  maxWaitingBytes?: number;
  /** Replicas that must have a publish or a commit before it resolves. Default 0. Not on a Redis Cluster. */
  waitReplicas?: number;
  /** Sharded pub/sub. Default `auto`: on a Redis Cluster of version 7.0 and newer. */
  sharded?: boolean | 'auto';
}

export type RedisBackendOptions = RedisTarget & RedisSettings;

export type ResolvedRedisSettings = Required<RedisSettings>;

const DEFAULTS: ResolvedRedisSettings = {
  keyPrefix: 'nestwire:',
  timeoutMs: 5_000,
  maxWaitingBytes: 16 * 1024 * 1024,
  waitReplicas: 0,
  sharded: 'auto',
};

/** Fills in the defaults. @throws Error that names the option, its value and what is allowed. */
export function resolveSettings(options: RedisBackendOptions): ResolvedRedisSettings {
  const given = Object.entries(options).filter(([name, value]) => name in DEFAULTS && value !== undefined);
  const settings = { ...DEFAULTS, ...(Object.fromEntries(given) as RedisSettings) };
  assertTarget(options);
  if (typeof settings.keyPrefix !== 'string' || /[{}\s]/.test(settings.keyPrefix)) {
    throw invalid('keyPrefix', settings.keyPrefix, 'text without braces and spaces');
  }
  assertWhole('timeoutMs', settings.timeoutMs, 1);
  assertWhole('maxWaitingBytes', settings.maxWaitingBytes, 1);
  assertWhole('waitReplicas', settings.waitReplicas, 0);
  if (![true, false, 'auto'].includes(settings.sharded))
    throw invalid('sharded', settings.sharded, 'true, false or "auto"');
  return settings;
}

function assertTarget(options: RedisBackendOptions): void {
  const target = options as object as Record<string, unknown>;
  const ways = ['url', 'client', 'cluster'].filter((name) => target[name] !== undefined);
  if (ways.length === 1 || (ways.length === 0 && target['options'] !== undefined)) return;
  // An environment variable that is not set must not end at whatever server listens on this machine.
  throw new Error(
    'Nestwire: redisBackend() needs exactly one of "url", "options", "cluster" and "client"; ' +
      `there is ${ways.join(', ') || 'none'}`,
  );
}

function assertWhole(option: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) throw invalid(option, value, `a whole number from ${least}`);
}

function invalid(option: string, value: unknown, allowed: string): Error {
  return new Error(
    `Nestwire: option "${option}" of redisBackend() is ${JSON.stringify(value)}; allowed is ${allowed}`,
  );
}
