import { ownOptions, patienceOf } from './client-options.js';
import { described } from '../redis-errors.js';
import { addressOf, type ClusterShards } from './cluster-shards.js';
import { SubscriberConnection } from './subscriber-connection.js';
import type { Subscriptions, SubscriptionsListener } from './subscriptions.js';

/** What a server has ended is looked after once for many slots, after so many milliseconds. */
const RENEW_DELAY_MS = 50;

/** Where a key is subscribed, and who waits for that. */
interface Place {
  address: string | undefined;
  isConfirmed: boolean;
  waiting: (() => void)[];
}

/**
 * What this node listens to in a cluster: sharded, over a connection to each master that owns a slot of it; otherwise over one connection to
 * any of them. Slots that move, and masters that are replaced, take their subscriptions along.
 */
export class ClusterSubscriptions implements Subscriptions {
  private readonly places = new Map<string, Place>();
  private readonly connections = new Map<string, SubscriberConnection>();
  /** Keys that were subscribed, and are not yet again where they have gone. */
  private readonly moving = new Set<string>();
  /** The master that listens for all, where it is not sharded. */
  private relay: string | undefined;
  private readonly stale = new Set<SubscriberConnection>();
  private isClosed = false;

  constructor(
    private readonly shards: ClusterShards,
    private readonly sharded: () => boolean,
    private readonly timeoutMs: number,
    private readonly listener: SubscriptionsListener,
  ) {
    shards.client.on('refresh', () => this.placeAll());
  }

  get isWhole(): boolean {
    return [...this.connections.values()].every(({ isLost }) => !isLost);
  }

  subscribe(key: string): Promise<void> {
    let place = this.places.get(key);
    if (place === undefined) {
      this.places.set(key, (place = { address: undefined, isConfirmed: false, waiting: [] }));
      this.place(key, place);
    }
    const { isConfirmed, waiting } = place;
    return isConfirmed ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
  }

  unsubscribe(key: string): void {
    const place = this.places.get(key);
    if (place === undefined) return;
    this.places.delete(key);
    this.leave(key, place.address);
    this.settle(key);
  }

  connect(): void {
    // Each connection is made when the first key asks for it.
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.connections.values()].map((connection) => connection.close()));
  }

  private placeAll(): void {
    if (this.isClosed) return;
    for (const [key, place] of this.places) this.place(key, place);
    for (const [address, connection] of this.connections)
      if (connection.size === 0) this.drop(address, connection);
    this.listener.changed();
  }

  private place(key: string, place: Place): void {
    const address = this.sharded() ? this.shards.ownerOf(key) : this.relayAddress();
    if (address === place.address) return;
    if (place.isConfirmed) this.moving.add(key);
    this.leave(key, place.address);
    const connection = address === undefined ? undefined : this.connectionTo(address);
    // Where there is none yet it is placed when the map of slots is next looked at.
    place.address = connection === undefined ? undefined : address;
    place.isConfirmed = false;
    void connection?.subscribe(key).then(() => this.confirm(key, place, address));
  }

  private relayAddress(): string | undefined {
    if (this.relay === undefined || !this.shards.at(this.relay)?.isReady) {
      const { ready } = this.shards;
      const { client } = ready[Math.floor(Math.random() * ready.length)] ?? {};
      if (client !== undefined) this.relay = addressOf(client);
    }
    return this.relay;
  }

  private confirm(key: string, place: Place, address: string | undefined): void {
    if (place.address !== address) return;
    place.isConfirmed = true;
    for (const resolve of place.waiting.splice(0)) resolve();
    this.settle(key);
  }

  /** What was on the move has arrived, or is no longer wanted. */
  private settle(key: string): void {
    if (!this.moving.delete(key) || this.moving.size > 0) return;
    this.listener.restored();
    this.listener.changed();
  }

  private leave(key: string, address: string | undefined): void {
    if (address !== undefined) this.connections.get(address)?.unsubscribe(key);
  }

  private connectionTo(address: string): SubscriberConnection | undefined {
    const known = this.connections.get(address);
    const node = this.shards.at(address)?.client;
    if (known !== undefined || node === undefined) return known;
    const client = node.duplicate({ ...ownOptions('subscriber', this.timeoutMs), keyPrefix: '' });
    const connection = new SubscriberConnection(client, this.sharded, patienceOf(this.timeoutMs), {
      received: (key, message) => this.listener.received(key, message),
      changed: () => this.listener.changed(),
      restored: () => this.listener.restored(),
      failed: (error) => this.failed(error),
    });
    client.on('close', () => this.lost());
    client.on('moved', () => this.moved(connection));
    this.connections.set(address, connection);
    connection.connect();
    return connection;
  }

  private failed(error: unknown): void {
    if (described(error).message.startsWith('MOVED')) this.shards.review();
    else this.listener.failed(error);
  }

  private lost(): void {
    this.shards.review();
    if (!this.sharded()) this.placeAll();
  }

  /** The server has ended subscriptions, one by one and without saying which to us, because slots have gone. */
  private moved(connection: SubscriberConnection): void {
    this.shards.review();
    if (this.stale.has(connection)) return;
    this.stale.add(connection);
    setTimeout(() => {
      this.stale.delete(connection);
      connection.renew();
    }, RENEW_DELAY_MS).unref();
  }

  private drop(address: string, connection: SubscriberConnection): void {
    this.connections.delete(address);
    connection.close().catch(() => undefined);
  }
}
