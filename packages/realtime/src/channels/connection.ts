import { randomBytes } from 'node:crypto';
import {
  type CloseCode,
  CLOSE_CODES,
  type CloseNotice,
  type GapReason,
  RealtimeError,
} from '@nestwire/protocol';
import type { Slot } from '../limits/connection-limits.js';
import type { LogEntry } from '../backend/event-log.js';
import type { Counters, Transport } from '../observability/counters.js';
import type { ErrorReporter } from '../observability/error-reporter.js';
import type { ResolvedOptions } from '../realtime.options.js';
import type { Identity } from '../sessions/identity.js';
import type { Resumption } from '../sessions/resume-tokens.service.js';
import { Audience } from './audience.js';
import type { Batch } from './batch.js';
import type { Hub } from './hub.js';
import type { Outlet } from './outlet.js';
import { type Resume, type Subscriber, Subscription } from './subscription.js';
import type { Topic } from './topic.js';

/** What a connection needs of its node. */
export interface ConnectionHost {
  readonly hub: Pick<Hub, 'acquire' | 'release'>;
  readonly errors: ErrorReporter;
  readonly counters: Counters;
  readonly limits: ResolvedOptions['limits'];
  readSnapshot(topic: Topic): Promise<LogEntry>;
  mayKeep(identity: Identity, channels: readonly string[]): Promise<boolean>;
  watch(connection: Connection): void;
  ended(connection: Connection, code: CloseCode): void;
  /** Its client was told `ready`. */
  greeted(connection: Connection): void;
  /** Its proof is a fresh one. */
  renewed(connection: Connection): void;
  remove(connection: Connection): void;
}

const ID_BYTES = 12;
const ID = /^[\w-]{16}$/;

/** True for what may be a connection's id, on whichever node. */
export function isConnectionId(text: unknown): text is string {
  return typeof text === 'string' && ID.test(text);
}

/** One SSE stream or one socket, whichever it is: its subscriptions, and the bound on what waits for it. */
export class Connection implements Subscriber {
  readonly id = randomBytes(ID_BYTES).toString('base64url');
  due: Batch | undefined;
  /** What its client may come back with, where that is neither a cookie nor off. */
  resumption: Resumption | undefined;
  /** Most often one, and never so many that looking through them counts: a list of one is a sixth of a map of one. */
  private subscriptions: readonly Subscription[] = [];
  private isClosed = false;
  private isGreeted = false;
  /** What will have been sent when everything that was written outside the tick has left. */
  private pacedUntil = 0;

  constructor(
    private readonly host: ConnectionHost,
    readonly transport: Transport,
    public identity: Identity,
    readonly outlet: Outlet,
    /** What its close reason is kept under, for the next connection of the same session or ticket. */
    readonly origin: string | undefined,
    /** Its place among its session's, user's and address's connections. */
    readonly slot?: Slot,
  ) {}

  get counters(): Counters {
    return this.host.counters;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** To be called when its client has been told `ready`: from now on it is told how the backend is. */
  greeted(): void {
    this.isGreeted = true;
    this.host.greeted(this);
  }

  /** Tells the client how the backend is; one that has not been told `ready` hears it then. */
  tell(event: 'degraded' | 'healed'): void {
    if (this.isGreeted) this.outlet.tell(event);
  }

  get channels(): readonly string[] {
    return this.subscriptions.map(({ topic }) => topic.name);
  }

  /**
   * Subscribes to a channel, whose policy has been asked, and says where the stream starts; nothing is sent before `run`.
   * A subscription to the same channel is replaced.
   * @throws RealtimeError `unavailable` where the connection or the backend has gone.
   */
  async open(channel: string, resume: Resume): Promise<Subscription> {
    const topic = await this.host.hub.acquire(channel);
    const subscription = new Subscription(this, topic);
    try {
      await subscription.locate(resume);
      if (this.isClosed) throw new RealtimeError('unavailable', 'the connection has ended');
    } catch (error) {
      this.host.hub.release(topic);
      throw error;
    }
    this.unsubscribe(channel);
    this.subscriptions = this.subscriptions.concat(subscription);
    return subscription;
  }

  /** Ends a subscription; false where there was none. */
  unsubscribe(channel: string): boolean {
    const subscription = this.subscriptionTo(channel);
    if (subscription === undefined) return false;
    this.subscriptions = this.subscriptions.filter((other) => other !== subscription);
    subscription.close();
    this.host.hub.release(subscription.topic);
    return true;
  }

  /** Never throws: what goes wrong for one connection must not keep a tick from the others. */
  deliver(batch: Batch): void {
    if (this.isClosed) return;
    try {
      if (this.outlet.queuedBytes() > this.host.limits.maxQueuedBytes) return this.overflow(batch);
      this.outlet.write(batch);
      this.host.watch(this);
    } catch (error) {
      this.host.errors.report(error, { during: 'connection' });
      this.close('retry');
    }
  }

  /** Writes a batch outside the tick, for a subscription that catches up at the pace of {@link Outlet.drained}. */
  send(batch: Batch): void {
    if (this.isClosed) return;
    this.outlet.write(batch);
    for (const { entries } of batch.chunks) this.counters.deliveries[this.transport] += entries.length;
    this.pacedUntil = this.outlet.sentBytes() + this.outlet.queuedBytes();
    this.host.watch(this);
  }

  sendGap(gap: { channel: string; reason: GapReason; position: string }): void {
    if (this.isClosed) return;
    this.outlet.gap(gap);
    this.counters.gapsTold[gap.reason] += 1;
  }

  readSnapshot(topic: Topic): Promise<LogEntry> {
    return this.host.readSnapshot(topic);
  }

  /** Takes over a subscription's background work. */
  track(work: Promise<void>): void {
    work.catch((error: unknown) => this.host.errors.report(error, { during: 'connection' }));
  }

  report(error: unknown, channel: string): void {
    this.host.errors.report(error, { during: 'connection', channel });
  }

  /** Ends the connection with a word on why, where the code is one that is told; else without one. */
  close(code: CloseCode, retryAfterMs?: number): void {
    void this.end(code, retryAfterMs);
  }

  /**
   * Goes on as the same user with a fresh proof. Where that changes what it may see, the client is told to come back,
   * and is asked who it is, and the policies what is open, anew.
   */
  async renew(identity: Identity): Promise<void> {
    const unchanged =
      Audience.keyOf(identity.principal.roles) === Audience.keyOf(this.identity.principal.roles);
    if (!unchanged || !(await this.host.mayKeep(identity, this.channels))) return this.close('retry');
    this.identity = identity;
    this.host.renewed(this);
  }

  /** Tells the client to come back after a while, and ends; resolves when it has ended. */
  async drain(retryAfterMs: number): Promise<void> {
    if (this.isClosed) return;
    this.outlet.drain(retryAfterMs);
    await this.end('draining', retryAfterMs);
  }

  /** Frees everything; the transport calls it when the client has gone, however that came. */
  onEnd(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const channel of this.channels) this.unsubscribe(channel);
    this.host.remove(this);
  }

  private subscriptionTo(channel: string): Subscription | undefined {
    return this.subscriptions.find(({ topic }) => topic.name === channel);
  }

  private async end(code: CloseCode, retryAfterMs?: number): Promise<void> {
    if (this.isClosed) return;
    const { reconnect, told } = CLOSE_CODES[code];
    const notice: CloseNotice = { code, reconnect, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    this.host.ended(this, code);
    this.onEnd();
    if (told) await this.outlet.close(notice);
    else this.outlet.terminate();
  }

  /**
   * Too much is waiting: documents are brought to their latest value later, anything else must come back by its cursor.
   * A large snapshot or replay is not held against its reader: until it has left, nothing is queued behind it.
   */
  private overflow({ chunks }: Batch): void {
    // They were counted with their audience, and are not written.
    for (const { entries } of chunks) this.counters.deliveries[this.transport] -= entries.length;
    const paced = Math.max(0, this.pacedUntil - this.outlet.sentBytes());
    const isSlow = this.outlet.queuedBytes() - paced > this.host.limits.maxQueuedBytes;
    if (isSlow && !chunks.every(({ channel }) => channel.versioned)) return this.close('slow_consumer');
    for (const { channel, from } of chunks) this.subscriptionTo(channel.name)?.catchUpFrom(from);
  }
}
