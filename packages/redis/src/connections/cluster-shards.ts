import type { Cluster, Redis } from 'ioredis';
import { close, reconnectDelay } from './client-options.js';
import { Fence } from './fence.js';
import { Shard } from './shard.js';
import type { Shards, ShardsListener } from './shards.js';
import { slotOf } from './slot.js';

/** Where keys are is looked up no more often than this, in milliseconds. */
const REVIEW_INTERVAL_MS = 250;

/**
 * The masters of a cluster. ioredis keeps the map of slots and a connection to each node; we send to these ourselves: its cluster client
 * sends again what may have run.
 */
export class ClusterShards implements Shards {
  private readonly shards = new Map<string, Shard>();
  private readonly fences = new Map<string, Fence>();
  private owners: readonly string[] = [];
  private reviewedAt = -Infinity;
  private attempts = 0;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    readonly client: Cluster,
    private readonly patienceMs: number,
    private readonly listener: ShardsListener,
  ) {
    client.on('error', (error) => listener.failed(error));
    client.on('node error', (error) => listener.failed(error));
    client.on('+node', (node: Redis) => this.add(node));
    client.on('-node', (node: Redis) => this.remove(node));
    client.on('refresh', () => this.mapped());
    client.on('ready', () => this.changed());
    client.on('close', () => this.changed());
  }

  get isWhole(): boolean {
    const { status } = this.client;
    return (
      status === 'ready' &&
      this.owners.length > 0 &&
      this.owners.every((key) => this.shards.get(key)?.isReady)
    );
  }

  get ready(): readonly Shard[] {
    return this.owners.flatMap((address) => {
      const shard = this.shards.get(address);
      return shard?.isReady ? [shard] : [];
    });
  }

  /** `host:port` of the master that owns the key's slot. */
  ownerOf(key: string): string | undefined {
    return this.client.slots[slotOf(key)]?.[0];
  }

  /** By its `host:port`. */
  at(address: string): Shard | undefined {
    return this.shards.get(address);
  }

  find(key: string): Shard | undefined {
    const owner = this.ownerOf(key);
    const shard = owner === undefined ? undefined : this.shards.get(owner);
    return shard?.isReady ? shard : undefined;
  }

  review(): void {
    const now = performance.now();
    if (this.isClosed || now - this.reviewedAt < REVIEW_INTERVAL_MS) return;
    this.reviewedAt = now;
    this.client.refreshSlotsCache();
  }

  connect(): void {
    this.client.connect().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    for (const shard of this.shards.values()) shard.dispose();
    await Promise.all([close(this.client), ...[...this.shards.values()].map(({ client }) => close(client))]);
  }

  private add(node: Redis): void {
    const address = addressOf(node);
    let fence = this.fences.get(address);
    if (fence === undefined) this.fences.set(address, (fence = new Fence()));
    this.shards.set(address, new Shard(node, this.patienceMs, () => this.changed(), fence));
    this.connectOwners();
  }

  private remove(node: Redis): void {
    const address = addressOf(node);
    // It may have been replaced already.
    const shard = this.shards.get(address);
    if (shard?.client === node) {
      shard.dispose();
      this.shards.delete(address);
    }
    this.changed();
  }

  private mapped(): void {
    this.owners = [...new Set(this.client.slots.flatMap((nodes) => nodes[0] ?? []))];
    this.changed();
  }

  private changed(): void {
    if (this.isClosed) return;
    this.connectOwners();
    if (this.isWhole) this.attempts = 0;
    else this.reviewLater();
    this.listener.changed();
  }

  /** The first command would connect, but the next ones would be turned away until that is done. */
  private connectOwners(): void {
    for (const address of this.owners) {
      const node = this.shards.get(address)?.client;
      if (node?.status === 'wait') node.connect().catch(() => undefined);
    }
  }

  /** A node that is lost is not looked for by ioredis. */
  private reviewLater(): void {
    if (this.timer !== undefined || this.client.status !== 'ready') return;
    this.attempts += 1;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (!this.isWhole) this.review();
      if (!this.isWhole) this.reviewLater();
    }, reconnectDelay(this.attempts));
  }
}

export function addressOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}
