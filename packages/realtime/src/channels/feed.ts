import type { GapReason, Position } from '@nestwire/protocol';
import type { EventLog, History, LogEntry, LogPage, Unfollow } from '../backend/event-log.js';
import type { Counters } from '../observability/counters.js';
import { backoff } from '../backoff.js';
import type { BackendClock } from './backend-clock.js';
import { beginningOf, isSamePosition, positionOf } from './positions.js';
import { SharedCall } from './shared-call.js';
import { sizeOf, type Tail } from './tail.js';

/** A tick takes so much of one channel, and leaves the rest to the next: sockets get the time to drain in between. */
const MAX_TICK_BYTES = 256 * 1024;
/** What may wait for its tick. Past it the entries are read from the log again, which says whether they are lost. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;
const HEAL_PAGE = 500;

export interface FeedHost {
  readonly log: EventLog;
  readonly counters: Counters;
  readonly clock: BackendClock;
  report(error: unknown, channel: string): void;
}

/** Whoever takes what the feed brings. */
export interface FeedReader {
  /** True for a document's channel: who has a hole gets a snapshot, which holds all that the log does. */
  readonly versioned: boolean;
  /** Something waits to be taken. */
  onPending(): void;
  /** What was between the last entry taken and the feed's new end cannot be had. */
  onLost(reason: GapReason): void;
  /** Resolves when something has been taken, or when the feed is over. */
  nextTake(): Promise<void>;
}

/**
 * What one channel's log brings to this node, in order and without a hole: follows the log, looks for holes, and heals them from the log.
 * `end` is the last entry received in order; `taken` is the last that was taken.
 */
export class Feed {
  readonly ready: Promise<void>;
  end!: Position;
  taken!: Position;
  private pending: LogEntry[] = [];
  private pendingBytes = 0;
  private unfollow: Unfollow | undefined;
  /** Made when it is first needed: most channels never are behind. */
  private look: SharedCall<undefined, void> | undefined;
  private healing = false;
  private healed = Promise.resolve();
  /** The log may hold more than has been read. */
  private isAhead = false;
  /** What has arrived while healing: it is taken up when the log has been read, which a busy channel's readings alone would never be. */
  private arrived: LogEntry[] = [];
  private arrivedBytes = 0;
  private closed = false;

  constructor(
    private readonly channel: string,
    private readonly history: History,
    private readonly tail: Tail,
    private readonly host: FeedHost,
    private readonly reader: FeedReader,
  ) {
    this.ready = this.open();
    this.ready.catch(() => undefined);
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** True where something waits to be taken. */
  get isPending(): boolean {
    return this.pending.length > 0;
  }

  /** Hands out one tick's worth. */
  take(): LogEntry[] {
    let count = 0;
    let bytes = 0;
    while (count < this.pending.length && bytes < MAX_TICK_BYTES) bytes += sizeOf(this.pending[count++]!);
    this.pendingBytes -= bytes;
    const entries = this.pending.splice(0, count);
    const last = entries.at(-1);
    if (last !== undefined) this.taken = positionOf(last);
    return entries;
  }

  /** Compares the log's end with this node's, and heals what is missing. Also keeps the log's metadata alive. */
  async check(): Promise<void> {
    await this.ready;
    const before = this.end;
    const end = await this.host.log.end(this.channel, this.history);
    if (this.end === before && !isSamePosition(end, before)) this.heal();
  }

  /** {@link check}, and waits until what was missing is there. Whoever asks at the same time shares the look at the log. */
  catchUp(): Promise<void> {
    this.look ??= new SharedCall(() => this.catchUpWithLog());
    return this.look.ask(undefined);
  }

  /** The log is known to be ahead: reads what is missing. */
  heal(): void {
    this.isAhead = true;
    if (this.healing || this.closed) return;
    this.healing = true;
    this.healed = this.readMissing();
  }

  close(): void {
    this.closed = true;
    this.unfollow?.();
  }

  private async catchUpWithLog(): Promise<void> {
    await this.check();
    await this.healed;
  }

  private async open(): Promise<void> {
    const early: LogEntry[] = [];
    let receive = (entries: readonly LogEntry[]): void => void early.push(...entries);
    this.unfollow = await this.host.log.follow(this.channel, (entries) => receive(entries));
    if (this.closed) return this.unfollow();
    try {
      this.end = this.taken = await this.host.log.end(this.channel, this.history);
    } catch (error) {
      this.unfollow();
      throw error;
    }
    receive = (entries) => this.receive(entries);
    this.receive(early);
  }

  private receive(entries: readonly LogEntry[]): void {
    if (this.closed) return;
    const last = entries.at(-1);
    if (last !== undefined) this.host.clock.observe(last.time);
    for (const entry of entries) {
      if (this.healing) this.keep(entry);
      else this.accept(entry);
    }
    if (this.isPending) this.reader.onPending();
  }

  /** Past the bound the last takes the place of the one before: that there is a hole is seen by it. */
  private keep(entry: LogEntry): void {
    if (this.arrivedBytes > MAX_PENDING_BYTES) this.arrivedBytes -= sizeOf(this.arrived.pop()!);
    this.arrived.push(entry);
    this.arrivedBytes += sizeOf(entry);
  }

  private accept(entry: LogEntry): void {
    if (entry.epoch !== this.end.epoch) return this.heal();
    if (entry.offset <= this.end.offset) return this.isDuplicate(entry) ? undefined : this.rotate();
    if (entry.offset > this.end.offset + 1) return this.heal();
    if (entry.previousTag !== this.end.tag) return this.rotate();
    this.push(entry);
    if (this.pendingBytes > MAX_PENDING_BYTES && this.pending.length > 1) this.startOver();
  }

  /** An entry at or below the end is one we have only if its tag says so; below the tail there is nothing to compare with. */
  private isDuplicate({ offset, tag }: LogEntry): boolean {
    const known = offset === this.end.offset ? this.end.tag : this.tail.tagOf(offset);
    return known === undefined || known === tag;
  }

  private push(entry: LogEntry): void {
    this.end = positionOf(entry);
    this.tail.push(entry);
    this.pending.push(entry);
    this.pendingBytes += sizeOf(entry);
  }

  /** Lets go of what waits, to read it again from the log at the pace of the ticks. */
  private startOver(): void {
    this.dropTo(this.taken);
    this.heal();
  }

  private dropTo(end: Position): void {
    this.pending = [];
    this.pendingBytes = 0;
    this.tail.clear();
    this.end = this.taken = end;
  }

  /** Reads to the log's end; reading fails only for as long as the backend is away. */
  private async readMissing(): Promise<void> {
    const wait = backoff();
    let isFilled = false;
    while (this.isAhead && !this.closed) {
      this.isAhead = false;
      try {
        isFilled = (await this.readPage()) || isFilled;
      } catch (error) {
        this.host.report(error, this.channel);
        this.isAhead = true;
        await wait();
      }
    }
    if (isFilled) this.host.counters.gapsHealed += 1;
    // In the same breath as it is seen that nothing is ahead: what arrives next is not left to a reading that is over.
    this.healing = false;
    this.takeUpArrived();
  }

  /** One more reading tells of all that are of another epoch than the log was found in, before it or after. */
  private takeUpArrived(): void {
    const arrived = this.arrived;
    this.arrived = [];
    this.arrivedBytes = 0;
    const fitting = arrived.filter(({ epoch }) => epoch === this.end.epoch);
    this.receive(fitting);
    if (fitting.length < arrived.length) this.heal();
  }

  /** True where something was read. */
  private async readPage(): Promise<boolean> {
    const page = await this.host.log.read(this.channel, this.end, this.history, { count: HEAL_PAGE });
    if (this.closed) return false;
    if (page.gap !== undefined) {
      this.lose(page.gap, this.afterHole(await this.endAfter(page)));
      this.isAhead ||= page.gap === 'epoch';
      return false;
    }
    for (const entry of page.entries) {
      if (this.pendingBytes > MAX_TICK_BYTES) await this.reader.nextTake();
      if (this.closed) return false;
      this.push(entry);
      this.reader.onPending();
    }
    const isRead = page.entries.length > 0;
    this.isAhead ||= isRead && this.end.offset < page.end.offset;
    return isRead;
  }

  /**
   * What we have had does not fit into a log of the same epoch: it was rewound. Its epoch ends, so that nobody takes one life
   * for the other. Only what this node has read itself counts: a client could say anything.
   */
  private async endAfter({ gap, end }: LogPage): Promise<Position> {
    if (gap !== 'epoch' || end.epoch !== this.end.epoch) return end;
    return this.host.log.rotate(this.channel, end.epoch, this.history);
  }

  /** The log was rewound and written again: its epoch ends, so that nobody takes one life for the other. */
  private rotate(): void {
    this.isAhead = true;
    this.healing = true;
    this.healed = this.host.log
      .rotate(this.channel, this.end.epoch, this.history)
      .then((end) => this.lose('epoch', this.afterHole(end)))
      .catch((error: unknown) => this.host.report(error, this.channel))
      .then(() => this.readMissing());
  }

  /** Where it goes on: a log that has begun anew holds nothing that was had from the one before it, so it is read from its beginning. */
  private afterHole(end: Position): Position {
    return end.epoch === this.end.epoch || this.reader.versioned ? end : beginningOf(end);
  }

  private lose(reason: GapReason, end: Position): void {
    this.dropTo(end);
    this.reader.onLost(reason);
  }
}
