import type { RedisClient } from '../redis.options.js';
import type { Shard } from './shard.js';

/** The servers that commands go to. */
export interface Shards {
  /** For Socket.IO's adapter, which knows clients of ioredis only. */
  readonly client: RedisClient;
  /** True where every server is there. */
  readonly isWhole: boolean;
  /** All servers that are there. */
  readonly ready: readonly Shard[];
  /** The server that holds the key, where it is there. */
  find(key: string): Shard | undefined;
  /** The server at `host:port`, where it is one of several. */
  at(address: string): Shard | undefined;
  /** A server has refused a key, or is away: where keys are may have changed. */
  review(): void;
  /** Begins to connect, and goes on until it is closed. */
  connect(): void;
  close(): Promise<void>;
}

export interface ShardsListener {
  /** Something in what {@link Shards} says has changed. */
  changed(): void;
  failed(error: unknown): void;
}
