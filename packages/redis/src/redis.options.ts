import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';

export type RedisClient = Redis | Cluster;

/** Which server, in one of these ways. */
export type RedisTarget =
  /** `redis://user:password@host:port/db`, or `rediss://` with TLS. */
  | { url: string | undefined; options?: RedisOptions }
  /** Anything that ioredis takes: host and port, TLS, Sentinels. */
  | { options: RedisOptions }
  /** Some nodes of a Redis Cluster. */
  | { cluster: ClusterNode[]; clusterOptions?: ClusterOptions }
  /** The application's own client; connections of its kind are made beside it, and it stays the application's to close. */
  | { client: RedisClient };

const WAYS = ['url', 'client', 'cluster'] as const;

/** How the backend uses its Redis. Where one is left out, its default holds. */
export interface RedisSettings {
  /** Before every key, after a prefix of ioredis's own. Default `nestwire:`. No braces: they belong to the hash tags. */
  keyPrefix?: string;
  /** How long a publish, a commit or a read waits while Redis is away, in milliseconds. Default 5,000. */
  timeoutMs?: number;
  /** Bytes of events that may wait for Redis on this node; those beyond fail at once. Default 16,777,216 (16 MB). */
  maxWaitingBytes?: number;
  /**
   * Replicas that must have a publish or a commit before it resolves, each of its master's on a cluster. Default 0: none. Redis does not say
   * which replicas have it: a failover loses nothing only where all that may be promoted are waited for.
   */
  waitReplicas?: number;
  /** Sharded pub/sub, on a Redis Cluster only. Default `auto`: where every master is Redis 7.0 or newer. */
  sharded?: boolean | 'auto';
}

/** What a Redis backend is made with. */
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

/** @throws Error where an option does not go with the kind of server. */
export function assertFitting({ sharded }: ResolvedRedisSettings, isCluster: boolean): void {
  if (sharded === true && !isCluster)
    throw invalid('sharded', sharded, 'false or "auto" where there is no Redis Cluster');
}

function assertTarget(options: RedisBackendOptions): void {
  const target = options as object as Record<string, unknown>;
  // An environment variable that is not set must not end at whatever server listens on this machine.
  for (const name of WAYS) {
    if (name in target && target[name] === undefined) throw invalid(name, undefined, NEEDED[name]);
  }
  const ways = WAYS.filter((name) => target[name] !== undefined);
  if (ways.length > 1 || (ways.length === 0 && target['options'] === undefined)) {
    throw new Error(
      'Nestwire: redisBackend() needs exactly one of "url", "options", "cluster" and "client"; ' +
        `there is ${ways.join(', ') || 'none'}`,
    );
  }
  if (target['options'] !== undefined && ways.length === 1 && ways[0] !== 'url')
    throw new Error(`Nestwire: "options" of redisBackend() does not go with "${ways[0]}"`);
  assertUrl(target['url']);
}

const NEEDED = {
  url: 'text such as "redis://localhost:6379": is the environment variable set?',
  client: 'a Redis or a Cluster of ioredis',
  cluster: 'a list of nodes',
};

function assertUrl(url: unknown): void {
  if (url === undefined) return;
  if (typeof url !== 'string' || !/^rediss?:\/\/./.test(url))
    throw invalid('url', hidePassword(url), 'text that begins with redis:// or rediss://');
}

function hidePassword(url: unknown): unknown {
  return typeof url === 'string' ? url.replace(/\/\/[^@/]*@/, '//***@') : url;
}

function assertWhole(option: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) throw invalid(option, value, `a whole number from ${least}`);
}

function invalid(option: string, value: unknown, allowed: string): Error {
  return new Error(
    `Nestwire: option "${option}" of redisBackend() is ${JSON.stringify(value) ?? 'undefined'}; allowed is ${allowed}`,
  );
}
