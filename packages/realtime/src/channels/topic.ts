import {
  channelHash,
  type CloseCode,
  encodePosition,
  type GapReason,
  type Position,
  RESERVED_CHANNEL_PREFIXES,
} from '@nestwire/protocol';
import type { EventLog, History, LogEntry, LogPage, ReadLimit, Unfollow } from '../backend/event-log.js';
import type { Counters } from '../observability/counters.js';
import { Audience, isPublic, isVisible, type Listener } from './audience.js';
import { Chunk, type ChunkChannel } from './chunk.js';
import type { Round } from './round.js';
import { closeCodeOf, sessionOf } from './session-changes.js';
import { SharedCall } from './shared-call.js';
import { sizeOf, Tail } from './tail.js';
import { backoff } from '../backoff.js';

/** A tick takes so much of one channel, and leaves the rest to the next: sockets get the time to drain in between. */
const MAX_TICK_BYTES = 256 * 1024;
/** What may wait for its tick. Past it the entries are read from the log again, which says whether they are lost. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;
const HEAL_PAGE = 500;
/** The tail is filled with so many entries at most; who is further behind reads the log itself, page by page. */
const MAX_FILL = 2_000;
/** Most entries that are read at a time to fill it. */
const FILL_PAGE = 500;
/** So many epochs that are over are known, for clients that come back with one. */
const MAX_PAST_EPOCHS = 8;

export interface TopicHost {
  readonly log: EventLog;
  readonly counters: Counters;
  /** A tail is not filled beyond so many bytes. */
  readonly maxFillBytes: number;
  /** The topic has something for the next tick. */
  schedule(topic: Topic): void;
  /** Some audience is behind without being told; it is told within the second. */
  scheduleSilent(topic: Topic): void;
  /** A session's own channel says that its connections are to be closed. */
  sessionChanged(sid: string, code: CloseCode): void;
  /** The tail has grown or was used. */
  touched(tail: Tail): void;
  report(error: unknown, channel: string): void;
}

/**
 * One channel on this node: follows its log, keeps its tail, looks for holes and heals them, and hands what is new to its listeners.
 * `end` is the last entry received in order; `flushed` is how far listeners have been brought.
 */
export class Topic implements ChunkChannel {
  readonly hash: string;
  readonly versioned: boolean;
  /** The session whose own channel this is. */
  private readonly session: string | undefined;
  readonly tail: Tail;
  readonly ready: Promise<void>;
  end!: Position;
  flushed!: Position;
  /** Held by so many subscriptions; owned by the hub. */
  users = 0;
  /** When its position is compared next, by the monotonic clock; owned by the hub. */
  checkAt: number | undefined;
  private pending: LogEntry[] = [];
  private pendingBytes = 0;
  private readonly audiences = new Map<string, Audience>();
  private waiting: (() => void)[] = [];
  private unfollow: Unfollow | undefined;
  private readonly filling = new SharedCall((positions: readonly Position[]) => this.fill(positions));
  private readonly pastEpochs = new Set<string>();
  private readonly look = new SharedCall(() => this.catchUpWithLog());
  private healing = false;
  private healed = Promise.resolve();
  /** Something arrived while healing: the log is read once more. */
  private arrived = false;
  private closed = false;
  private positionText: { at: Position; text: string } | undefined;

  constructor(
    readonly name: string,
    readonly history: History,
    private readonly host: TopicHost,
  ) {
    this.hash = channelHash(name);
    this.versioned = name.startsWith(RESERVED_CHANNEL_PREFIXES.state);
    this.session = sessionOf(name);
    this.tail = new Tail(history);
    this.ready = this.open();
    this.ready.catch(() => undefined);
  }

  /** How far live listeners have been brought, as text. */
  get flushedText(): string {
    if (this.positionText?.at !== this.flushed) {
      this.positionText = { at: this.flushed, text: encodePosition(this.hash, this.flushed) };
    }
    return this.positionText.text;
  }

  get isIdle(): boolean {
    return this.audiences.size === 0;
  }

  join(listener: Listener): void {
    const key = Audience.keyOf(listener.roles);
    let audience = this.audiences.get(key);
    if (audience === undefined) this.audiences.set(key, (audience = new Audience(listener.roles)));
    audience.add(listener);
  }

  leave(listener: Listener): void {
    const key = Audience.keyOf(listener.roles);
    const audience = this.audiences.get(key);
    audience?.remove(listener);
    if (audience?.listeners.length === 0) this.audiences.delete(key);
  }

  /**
   * Entries after a position, checked: from the tail where it reaches back so far. Where it does not it is filled from the log,
   * once for all who ask at the time, however many clients come back.
   */
  async read(after: Position, limit: ReadLimit): Promise<LogPage> {
    if (!this.isWithin(after) && !this.pastEpochs.has(after.epoch)) {
      await this.catchUp();
      if (after.epoch !== this.end.epoch) this.rememberPast(after.epoch);
    }
    if (!this.isWithin(after)) return { gap: 'epoch', end: this.end };
    const page = this.tail.read(after, this.end, limit) ?? (await this.readOlder(after, limit));
    if (!this.closed) this.host.touched(this.tail);
    return page;
  }

  /** True where this node's memory alone can answer {@link read}. */
  isInTail(after: Position): boolean {
    return this.isWithin(after) && this.tail.read(after, this.end, { count: 1 }) !== undefined;
  }

  /** Resolves at the next flush, gap or end of the topic; looks after the log where it is known to be ahead. */
  nextFlush(known: Position): Promise<void> {
    if (known.offset > this.end.offset) this.heal();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** An epoch never comes back: the log is not looked at again for the next client that has it. */
  private rememberPast(epoch: string): void {
    if (this.pastEpochs.size === MAX_PAST_EPOCHS) this.pastEpochs.clear();
    this.pastEpochs.add(epoch);
  }

  private isWithin(after: Position): boolean {
    return after.epoch === this.end.epoch && after.offset <= this.end.offset;
  }

  private async readOlder(after: Position, limit: ReadLimit): Promise<LogPage> {
    if (this.tail.missing(after, this.end) <= MAX_FILL && this.fillCount(after) > 0) {
      await this.filling.ask(after);
      const page = this.isWithin(after) ? this.tail.read(after, this.end, limit) : undefined;
      if (page !== undefined) return page;
    }
    return this.host.log.read(this.name, after, this.history, limit);
  }

  /** Reads back from the tail to the earliest of these positions, as far as there is room. */
  private async fill(positions: readonly Position[]): Promise<void> {
    const earliest = positions.reduce((a, b) => (b.offset < a.offset ? b : a));
    while (await this.fillPage(earliest));
  }

  /** True where there may be more to read. */
  private async fillPage(earliest: Position): Promise<boolean> {
    const { epoch } = this.end;
    const count = this.fillCount(earliest);
    if (count === 0 || this.closed) return false;
    const after = earliest.offset + this.tail.missing(earliest, this.end) - count;
    const { entries, end } = await this.host.log.readKept(this.name, after, this.history, { count });
    if (end.epoch !== epoch || this.end.epoch !== epoch) return false;
    const isWhole = (entries[0]?.offset ?? Infinity) > after + 1;
    return this.tail.prepend(entries, this.end, isWhole) && !isWhole;
  }

  private fillCount(earliest: Position): number {
    const missing = Math.max(0, this.tail.missing(earliest, this.end));
    return Math.min(FILL_PAGE, missing, this.tail.room(this.host.maxFillBytes));
  }

  /** Brings listeners up by one tick's worth. True where more is waiting. */
  flush(round: Round): boolean {
    const entries = this.takePending();
    const last = entries.at(-1);
    if (last === undefined) return false;
    const from = this.flushed;
    this.flushed = { epoch: last.epoch, offset: last.offset, tag: last.tag };
    this.distribute(entries, from, round);
    this.wake();
    this.host.touched(this.tail);
    return this.pending.length > 0;
  }

  /** Tells audiences that saw nothing of late how far they are. */
  flushSilent(round: Round): void {
    const chunk = new Chunk(this, [], this.flushed, this.flushed);
    for (const audience of this.audiences.values()) {
      if (audience.behind) round.add(audience.listeners, chunk);
      audience.behind = false;
    }
  }

  /** Compares the log's end with this node's, and heals what is missing. Also keeps the log's metadata alive. */
  async check(): Promise<void> {
    await this.ready;
    const before = this.end;
    const end = await this.host.log.end(this.name, this.history);
    if (this.end === before && !isSame(end, before)) this.heal();
  }

  /** {@link check}, and waits until what was missing is there. Whoever asks at the same time shares the look at the log. */
  catchUp(): Promise<void> {
    return this.look.ask(undefined);
  }

  private async catchUpWithLog(): Promise<void> {
    await this.check();
    await this.healed;
  }

  close(): void {
    this.closed = true;
    this.unfollow?.();
    this.wake();
  }

  private async open(): Promise<void> {
    const early: LogEntry[] = [];
    let receive = (entries: readonly LogEntry[]): void => void early.push(...entries);
    this.unfollow = await this.host.log.follow(this.name, (entries) => receive(entries));
    if (this.closed) return this.unfollow();
    try {
      this.end = this.flushed = await this.host.log.end(this.name, this.history);
    } catch (error) {
      this.unfollow();
      throw error;
    }
    receive = (entries) => this.receive(entries);
    this.receive(early);
  }

  private receive(entries: readonly LogEntry[]): void {
    if (this.closed) return;
    for (const entry of entries) {
      if (this.healing) this.arrived = true;
      else this.accept(entry);
    }
    if (this.pending.length > 0) this.host.schedule(this);
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
    this.end = { epoch: entry.epoch, offset: entry.offset, tag: entry.tag };
    this.tail.push(entry);
    this.pending.push(entry);
    this.pendingBytes += sizeOf(entry);
  }

  /** Lets go of what waits, to read it again from the log at the pace of the ticks. */
  private startOver(): void {
    this.pending = [];
    this.pendingBytes = 0;
    this.tail.clear();
    this.end = this.flushed;
    this.heal();
  }

  private takePending(): LogEntry[] {
    let count = 0;
    let bytes = 0;
    while (count < this.pending.length && bytes < MAX_TICK_BYTES) bytes += sizeOf(this.pending[count++]!);
    this.pendingBytes -= bytes;
    return this.pending.splice(0, count);
  }

  private distribute(entries: readonly LogEntry[], from: Position, round: Round): void {
    if (this.isIdle) return;
    if (this.session !== undefined) this.closeSession(entries, this.session);
    this.host.counters.delivered(entries[0]!.time);
    const shared = new Chunk(this, entries, from, this.flushed);
    const now = Date.now();
    const forAll = entries.every(isPublic);
    for (const audience of this.audiences.values()) {
      const seen = forAll ? entries : entries.filter((entry) => isVisible(entry, audience.roles, now));
      audience.behind ||= seen.length === 0;
      if (seen.length === 0) this.host.scheduleSilent(this);
      else
        this.address(
          audience,
          seen.length === entries.length ? shared : new Chunk(this, seen, from, this.flushed),
          round,
        );
    }
  }

  private closeSession(entries: readonly LogEntry[], sid: string): void {
    for (const entry of entries) {
      const code = closeCodeOf(entry);
      if (code !== undefined) this.host.sessionChanged(sid, code);
    }
  }

  private address(audience: Audience, chunk: Chunk, round: Round): void {
    audience.behind = false;
    this.host.counters.addressed(audience.sizes, chunk.entries.length);
    round.add(audience.listeners, chunk);
  }

  private heal(): void {
    if (this.healing || this.closed) return;
    this.healing = true;
    this.healed = this.readMissing();
  }

  /** Reads on until the log has no more; reading fails only for as long as the backend is away. */
  private async readMissing(): Promise<void> {
    const wait = backoff();
    do {
      this.arrived = false;
      try {
        let isHole = false;
        while (await this.readPage()) isHole = true;
        if (isHole) this.host.counters.gapsHealed += 1;
      } catch (error) {
        this.host.report(error, this.name);
        this.arrived = true;
        await wait();
      }
    } while (this.arrived && !this.closed);
    // In the same breath as it is seen that nothing has arrived: what arrives next is not left to a reading that is over.
    this.healing = false;
  }

  /** True where there may be more. */
  private async readPage(): Promise<boolean> {
    const page = await this.host.log.read(this.name, this.end, this.history, { count: HEAL_PAGE });
    if (this.closed) return false;
    if (page.gap !== undefined) {
      this.lose(page.gap, await this.endAfter(page));
      return false;
    }
    for (const entry of page.entries) {
      if (this.pendingBytes > MAX_TICK_BYTES) await this.nextFlush(this.end);
      if (this.closed) return false;
      this.push(entry);
      this.host.schedule(this);
    }
    return page.entries.length > 0;
  }

  /**
   * What we have had does not fit into a log of the same epoch: it was rewound. Its epoch ends, so that nobody takes one life
   * for the other. Only what this node has read itself counts: a client could say anything.
   */
  private async endAfter({ gap, end }: LogPage): Promise<Position> {
    if (gap !== 'epoch' || end.epoch !== this.end.epoch) return end;
    return this.host.log.rotate(this.name, end.epoch, this.history);
  }

  /** The log was rewound and written again: its epoch ends, so that nobody takes one life for the other. */
  private rotate(): void {
    if (this.healing) return;
    this.healing = true;
    void this.host.log
      .rotate(this.name, this.end.epoch, this.history)
      .then((end) => this.lose('epoch', end))
      .catch((error: unknown) => this.host.report(error, this.name))
      .finally(() => {
        this.healing = false;
        this.heal();
      });
  }

  /** What is between the end and the new end is gone for this node's listeners; they are told, and go on after it. */
  private lose(reason: GapReason, end: Position): void {
    this.pending = [];
    this.pendingBytes = 0;
    this.tail.clear();
    this.end = this.flushed = end;
    const listeners = [...this.audiences.values()].flatMap((audience) => audience.listeners);
    for (const listener of listeners) listener.onGap({ reason });
    this.wake();
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function isSame(a: Position, b: Position): boolean {
  return a.offset === b.offset && a.tag === b.tag && a.epoch === b.epoch;
}
