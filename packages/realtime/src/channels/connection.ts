import { randomBytes } from 'node:crypto';
import {
  type CloseCode,
  CLOSE_CODES,
  type CloseNotice,
  type GapReason,
  RealtimeError,
} from '@nestwire/protocol';
import type { Identity } from '../sessions/identity.js';
import { Audience } from './audience.js';
import { Batch } from './batch.js';
import type { Chunk } from './chunk.js';
import type { Connections } from './connections.js';
import type { Receiver } from './round.js';
import { type Resume, Subscription } from './subscription.js';

/** What a transport does for its connection. No method throws; after the end none does anything. */
export interface Outlet {
  /** Writes what a tick brings, once. */
  write(batch: Batch): void;
  gap(gap: { channel: string; reason: GapReason; position: string }): void;
  /** Marks where a replay begins; `count` is an upper bound. */
  replayStart(channel: string, count: number): void;
  replayEnd(channel: string): void;
  /** Bytes that wait to be read, in all buffers of this process. */
  queuedBytes(): number;
  /** Bytes that have left this process so far. */
  sentBytes(): number;
  /** Resolves when little enough is waiting to write more, or at the end. */
  drained(): Promise<void>;
  /** Tells the client to come back after so many milliseconds; the end follows. */
  drain(retryAfterMs: number): void;
  /** Says the last word and ends the connection; resolves when it has ended. */
  close(notice: CloseNotice): Promise<void>;
  /** Ends it without a last word and lets go of all that waits. */
  terminate(): void;
}

/** One SSE stream or one socket, whichever it is: its subscriptions, and the bound on what waits for it. */
export class Connection implements Receiver {
  readonly id = randomBytes(12).toString('base64url');
  due: Batch | undefined;
  private readonly subscriptions = new Map<string, Subscription>();
  private isClosed = false;

  constructor(
    private readonly connections: Connections,
    readonly transport: 'socket.io' | 'sse',
    public identity: Identity,
    readonly outlet: Outlet,
    /** What its close reason is kept under, for the next connection of the same session or ticket. */
    readonly origin: string | undefined,
  ) {}

  get closed(): boolean {
    return this.isClosed;
  }

  get channels(): readonly string[] {
    return [...this.subscriptions.keys()];
  }

  /** The positions of all its channels, as text. */
  *positions(): Iterable<string> {
    for (const subscription of this.subscriptions.values()) yield subscription.positionText;
  }

  /**
   * Subscribes to a channel, whose policy has been asked, and says where the stream starts; nothing is sent before `run`.
   * A subscription to the same channel is replaced.
   * @throws RealtimeError `unavailable` where the connection or the backend has gone.
   */
  async open(channel: string, resume: Resume): Promise<Subscription> {
    const topic = await this.connections.hub.acquire(channel);
    const subscription = new Subscription(this, topic, (of) => this.connections.readSnapshot(of));
    try {
      await subscription.locate(resume);
      if (this.isClosed) throw new RealtimeError('unavailable', 'the connection has ended');
    } catch (error) {
      this.connections.hub.release(topic);
      throw error;
    }
    this.unsubscribe(channel);
    this.subscriptions.set(channel, subscription);
    return subscription;
  }

  /** Ends a subscription; false where there was none. */
  unsubscribe(channel: string): boolean {
    const subscription = this.subscriptions.get(channel);
    if (subscription === undefined) return false;
    this.subscriptions.delete(channel);
    subscription.close();
    this.connections.hub.release(subscription.topic);
    return true;
  }

  deliver(batch: Batch): void {
    if (this.isClosed) return;
    if (this.outlet.queuedBytes() > this.connections.limits.maxQueuedBytes) return this.overflow(batch);
    this.outlet.write(batch);
    this.connections.watch(this);
  }

  /** Writes a chunk outside the tick, for a subscription that catches up at the pace of {@link Outlet.drained}. */
  send(chunk: Chunk): void {
    if (this.isClosed) return;
    this.outlet.write(new Batch([chunk]));
    this.connections.watch(this);
  }

  sendGap({ topic, positionText }: Subscription, reason: GapReason): void {
    if (!this.isClosed) this.outlet.gap({ channel: topic.name, reason, position: positionText });
  }

  /** Takes over a subscription's background work. */
  track(work: Promise<void>): void {
    work.catch((error: unknown) => this.connections.errors.report(error, { during: 'connection' }));
  }

  report(error: unknown, channel: string): void {
    this.connections.errors.report(error, { during: 'connection', channel });
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
    if (!unchanged || !(await this.connections.mayKeep(identity, this.channels))) return this.close('retry');
    this.identity = identity;
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
    this.connections.remove(this);
  }

  private async end(code: CloseCode, retryAfterMs?: number): Promise<void> {
    if (this.isClosed) return;
    const { reconnect, told } = CLOSE_CODES[code];
    const notice: CloseNotice = { code, reconnect, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    this.connections.ended(this, code);
    this.onEnd();
    if (told) await this.outlet.close(notice);
    else this.outlet.terminate();
  }

  /** Too much is waiting: documents are brought to their latest value later, anything else must come back by its cursor. */
  private overflow({ chunks }: Batch): void {
    if (!chunks.every(({ channel }) => channel.versioned)) return this.close('slow_consumer');
    for (const { channel, from } of chunks) this.subscriptions.get(channel.name)?.catchUpFrom(from);
  }
}
