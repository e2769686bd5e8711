import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { described } from '../redis-errors.js';
import { close, reconnectDelay } from './client-options.js';
import { Heartbeat } from './heartbeat.js';
import type { Subscriptions, SubscriptionsListener } from './subscriptions.js';

/** Most subscriptions of one command. */
const BATCH = 500;

/** One subscription; another one when a key is wanted again, so that an answer to the first is not taken for the second's. */
class Wanted {
  isConfirmed = false;
  private readonly waiting: (() => void)[] = [];

  confirm(): void {
    this.isConfirmed = true;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  confirmed(): Promise<void> {
    return this.isConfirmed ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }
}

/** The connection that listens to one server. */
export class SubscriberConnection implements Subscriptions {
  private readonly wanted = new Map<string, Wanted>();
  /** Wanted since the event loop's last turn. */
  private readonly fresh = new Set<string>();
  private readonly heartbeat: Heartbeat;
  private isRestored = false;
  private isRestoring = false;
  private wasRestored = false;
  /** The server may have ended some subscriptions, of a connection that lives. */
  private isStale = false;

  constructor(
    readonly client: Redis,
    private readonly sharded: () => boolean,
    patienceMs: number,
    private readonly listener: SubscriptionsListener,
  ) {
    const receive = (key: string, message: string): void => listener.received(key, message);
    client.on('message', receive);
    client.on('smessage', receive);
    client.on('error', (error) => listener.failed(error));
    client.on('ready', () => void this.restore());
    client.on('close', () => this.lose());
    this.heartbeat = new Heartbeat(client, patienceMs);
  }

  get isWhole(): boolean {
    return this.isRestored;
  }

  /** Everything was subscribed once, and is not now. */
  get isLost(): boolean {
    return this.wasRestored && !this.isRestored;
  }

  get size(): number {
    return this.wanted.size;
  }

  subscribe(key: string): Promise<void> {
    const known = this.wanted.get(key);
    if (known !== undefined) return known.confirmed();
    const wanted = new Wanted();
    this.wanted.set(key, wanted);
    if (this.fresh.size === 0) setImmediate(() => void this.sendFresh());
    this.fresh.add(key);
    return wanted.confirmed();
  }

  unsubscribe(key: string): void {
    if (!this.wanted.delete(key) || this.client.status !== 'ready') return;
    const gone = this.sharded() ? this.client.sunsubscribe(key) : this.client.unsubscribe(key);
    // Where the connection breaks, so does the subscription.
    gone.catch(() => undefined);
  }

  connect(): void {
    this.client.connect().catch(() => undefined);
  }

  close(): Promise<void> {
    this.heartbeat.stop();
    return close(this.client);
  }

  /** The server may have ended some subscriptions: all are made again. */
  renew(): void {
    this.isStale = true;
    this.forget();
    void this.restore();
  }

  private lose(): void {
    this.isRestored = false;
    this.forget();
    this.listener.changed();
  }

  private forget(): void {
    for (const [key, { isConfirmed }] of this.wanted) if (isConfirmed) this.wanted.set(key, new Wanted());
  }

  /** Subscribes to everything that is wanted, until it is all confirmed or the connection is lost. */
  private async restore(): Promise<void> {
    if (this.isRestoring) return;
    this.isRestoring = true;
    for (let attempt = 1; this.client.status === 'ready'; attempt += 1) {
      const missing = [...this.wanted].flatMap(([key, { isConfirmed }]) => (isConfirmed ? [] : [key]));
      if (missing.length === 0) break;
      let isDone = true;
      for (let i = 0; i < missing.length; i += BATCH)
        isDone = (await this.send(missing.slice(i, i + BATCH))) && isDone;
      if (!isDone) await sleep(reconnectDelay(attempt), undefined, { ref: false });
    }
    this.isRestoring = false;
    if (this.client.status !== 'ready') return;
    const wasInterrupted = this.wasRestored && (this.isStale || !this.isRestored);
    this.isRestored = this.wasRestored = true;
    this.isStale = false;
    if (wasInterrupted) this.listener.restored();
    this.listener.changed();
  }

  /** Those of one turn go out together; where not all is restored yet, with what is missing. */
  private async sendFresh(): Promise<void> {
    const keys = [...this.fresh];
    this.fresh.clear();
    if (!this.isRestored) return;
    const batches = Array.from({ length: Math.ceil(keys.length / BATCH) }, (_, i) =>
      this.send(keys.slice(i * BATCH, (i + 1) * BATCH)),
    );
    if ((await Promise.all(batches)).includes(false)) await this.restore();
  }

  /** True where all was confirmed. */
  private async send(keys: readonly string[]): Promise<boolean> {
    const all = keys.flatMap((key) => {
      const wanted = this.wanted.get(key);
      return wanted === undefined || wanted.isConfirmed ? [] : [{ key, wanted }];
    });
    if (all.length === 0) return true;
    // Sharded: one slot per command.
    const batches = this.sharded() ? all.map((each) => [each]) : [all];
    const outcomes = await Promise.all(
      batches.map(async (batch) => {
        const names = batch.map(({ key }) => key);
        try {
          await (this.sharded() ? this.client.ssubscribe(...names) : this.client.subscribe(...names));
        } catch (error) {
          // Of a connection that breaks the client tells by itself.
          if (described(error).name === 'ReplyError') this.listener.failed(error);
          return false;
        }
        for (const { wanted } of batch) wanted.confirm();
        return true;
      }),
    );
    return outcomes.every(Boolean);
  }
}
