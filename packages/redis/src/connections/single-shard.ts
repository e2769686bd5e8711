import type { Redis } from 'ioredis';
import { close, reconnectDelay } from './client-options.js';
import { isReadOnlyReplica } from './server-role.js';
import { Shard } from './shard.js';
import type { Shards, ShardsListener } from './shards.js';

/**
 * One server, or the master of now that Sentinels name. One that turns out to be a replica is as good as away: the connection is made anew
 * until its address leads to a master.
 */
export class SingleShard implements Shards {
  private readonly shard: Shard;
  private isMaster = false;
  private refusals = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly client: Redis,
    patienceMs: number,
    private readonly listener: ShardsListener,
  ) {
    this.shard = new Shard(client, patienceMs, () => listener.changed());
    client.on('ready', () => void this.inspect());
    client.prependListener('close', () => {
      clearTimeout(this.timer);
      this.isMaster = false;
    });
    client.on('error', (error) => listener.failed(error));
  }

  get isWhole(): boolean {
    return this.shard.isReady && this.isMaster;
  }

  get ready(): readonly Shard[] {
    return this.isWhole ? [this.shard] : [];
  }

  find(): Shard | undefined {
    return this.isWhole ? this.shard : undefined;
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
    clearTimeout(this.timer);
    this.shard.dispose();
    return close(this.client);
  }

  private async inspect(): Promise<void> {
    const { connection } = this.shard;
    const isReplica = await isReadOnlyReplica(this.client);
    if (!this.shard.isReady || this.shard.connection !== connection) return;
    if (isReplica) return this.refuse();
    this.refusals = 0;
    this.isMaster = true;
    this.listener.changed();
  }

  private refuse(): void {
    this.listener.failed(new Error('the server is a replica, which takes no writes'));
    this.refusals += 1;
    this.timer = setTimeout(() => this.client.disconnect(true), reconnectDelay(this.refusals)).unref();
  }
}
