import type { Redis } from 'ioredis';
import { close } from './client-options.js';
import { Shard } from './shard.js';
import type { Shards, ShardsListener } from './shards.js';

/** One server, or the master of now that Sentinels name. */
export class SingleShard implements Shards {
  private readonly shard: Shard;

  constructor(
    readonly client: Redis,
    patienceMs: number,
    listener: ShardsListener,
  ) {
    this.shard = new Shard(client, patienceMs, () => listener.changed());
    client.on('error', (error) => listener.failed(error));
  }

  get isWhole(): boolean {
    return this.shard.isReady;
  }

  get ready(): readonly Shard[] {
    return this.shard.isReady ? [this.shard] : [];
  }

  find(): Shard | undefined {
    return this.shard.isReady ? this.shard : undefined;
  }

  at(): undefined {
    return undefined;
  }

  review(): void {
    // There is nowhere else to look; a connection that is away is being made.
  }

  connect(): void {
    this.client.connect().catch(() => undefined);
  }

  close(): Promise<void> {
    this.shard.dispose();
    return close(this.client);
  }
}
