import {
  channelHash,
  type CloseCode,
  encodePosition,
  type GapReason,
  type Position,
  RESERVED_CHANNEL_PREFIXES,
} from '@nestwire/protocol';
import type { History, LogEntry, LogPage, ReadLimit } from '../backend/event-log.js';
import { Audience, isPublic, isVisible, type Listener } from './audience.js';
import type { Batch } from './batch.js';
import { Chunk, type ChunkChannel } from './chunk.js';
import { Feed, type FeedHost, type FeedReader } from './feed.js';
import type { ReplayedBatches } from './replayed-batches.js';
import { type ReplayHost, Replays } from './replays.js';
import { isSamePosition } from './positions.js';
import type { Round } from './round.js';
import { closeCodeOf, sessionOf } from './session-changes.js';
import { Tail } from './tail.js';

export interface TopicHost extends FeedHost, ReplayHost {
  readonly replayed: ReplayedBatches;
  /** The topic has something for the next tick. */
  schedule(topic: Topic): void;
  /** Some audience is behind without being told; it is told within the second. */
  scheduleSilent(topic: Topic): void;
  /** True while nothing but what sessions are told of is delivered. */
  isHeld(): boolean;
  /** Calls back once when that is over. Returns what ends it. */
  onRelease(resume: () => void): () => void;
  /** A session's own channel says that its connections are to be closed. */
  sessionChanged(sid: string, code: CloseCode): void;
  /** Something else has come on a session's own channel. */
  sessionNoted(sid: string, entry: LogEntry): void;
  /** A session's own channel has a hole: what happened to the session is to be looked up. */
  sessionUnsure(sid: string): void;
}

/** One channel on this node: what its feed brings, it hands to its listeners, and to those who come back what they have missed. */
export class Topic implements ChunkChannel, FeedReader {
  readonly hash: string;
  readonly versioned: boolean;
  readonly tail: Tail;
  /** Held by so many subscriptions; owned by the hub. */
  users = 0;
  /** When its position is compared next, by the monotonic clock; owned by the hub. */
  checkAt: number | undefined;
  /** The session whose own channel this is. */
  readonly session: string | undefined;
  private readonly feed: Feed;
  private readonly replays: Replays;
  private readonly audiences = new Map<string, Audience>();
  private waiting: (() => void)[] = [];
  private positionText: { at: Position; text: string } | undefined;
  /** Of who comes back: most often as others do. */
  private knownText: { at: Position; text: string } | undefined;

  constructor(
    readonly name: string,
    history: History,
    private readonly host: TopicHost,
  ) {
    this.hash = channelHash(name);
    this.versioned = name.startsWith(RESERVED_CHANNEL_PREFIXES.state);
    this.session = sessionOf(name);
    this.tail = new Tail(history);
    this.feed = new Feed(name, history, this.tail, host, this);
    this.replays = new Replays(name, history, this.tail, this.feed, host);
  }

  /** Resolves when the log is followed; rejects where it cannot be. */
  get ready(): Promise<void> {
    return this.feed.ready;
  }

  /** The last entry that this node has. */
  get end(): Position {
    return this.feed.end;
  }

  /** How far live listeners have been brought. */
  get flushed(): Position {
    return this.feed.taken;
  }

  /** {@link flushed}, as text. */
  get flushedText(): string {
    if (this.positionText?.at !== this.flushed) {
      this.positionText = { at: this.flushed, text: encodePosition(this.hash, this.flushed) };
    }
    return this.positionText.text;
  }

  /** A position, as text. */
  textOf(position: Position): string {
    if (isSamePosition(position, this.flushed)) return this.flushedText;
    if (this.knownText === undefined || !isSamePosition(this.knownText.at, position))
      this.knownText = { at: position, text: encodePosition(this.hash, position) };
    return this.knownText.text;
  }

  /** True while nothing of it is delivered. */
  get isHeld(): boolean {
    return this.session === undefined && this.host.isHeld();
  }

  /** Calls back once when nothing is held any more. Returns what ends it. */
  onRelease(resume: () => void): () => void {
    return this.host.onRelease(resume);
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

  /** What time it is by the backend's clock, in milliseconds since 1970. */
  get now(): number {
    return this.host.clock.now();
  }

  /** Entries after a position, checked, or why they cannot be had. */
  read(after: Position, limit: ReadLimit): Promise<LogPage> {
    return this.replays.read(after, limit);
  }

  /** What is sent to who comes back: entries that follow a position, all of them; the same batch for all who get the same. */
  batchOf(entries: readonly LogEntry[], from: Position, isReplay: boolean): Batch {
    return this.host.replayed.batchOf(this, entries, from, isReplay);
  }

  /** True where this node's memory alone can answer {@link read}. */
  isInTail(after: Position): boolean {
    return this.replays.isInTail(after);
  }

  /** Compares the log's end with this node's, and heals what is missing. Also keeps the log's metadata alive. */
  check(): Promise<void> {
    return this.feed.check();
  }

  /** {@link check}, and waits until what was missing is there. Whoever asks at the same time shares the look at the log. */
  catchUp(): Promise<void> {
    return this.feed.catchUp();
  }

  /** Resolves at the next flush, gap or end of the topic; looks after the log where it is known to be ahead. */
  nextFlush(known: Position): Promise<void> {
    if (known.offset > this.end.offset) this.feed.heal();
    return this.nextTake();
  }

  nextTake(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Brings listeners up by one tick's worth. True where more is waiting. */
  flush(round: Round): boolean {
    const from = this.flushed;
    const entries = this.feed.take();
    if (entries.length === 0) return false;
    this.distribute(entries, from, round);
    this.wake();
    this.host.touched(this.tail);
    return this.feed.isPending;
  }

  /** Tells audiences that saw nothing of late how far they are. */
  flushSilent(round: Round): void {
    const chunk = new Chunk(this, [], this.flushed, this.flushed);
    for (const audience of this.audiences.values()) {
      if (audience.behind) round.add(audience.listeners, chunk);
      audience.behind = false;
    }
  }

  close(): void {
    this.feed.close();
    this.wake();
  }

  onPending(): void {
    this.host.schedule(this);
  }

  /** Something is gone for this node's listeners; they are told, and go on after it. */
  onLost(reason: GapReason): void {
    if (this.session !== undefined) this.host.sessionUnsure(this.session);
    const listeners = [...this.audiences.values()].flatMap((audience) => audience.listeners);
    for (const listener of listeners) listener.onGap({ reason });
    this.wake();
  }

  private distribute(entries: readonly LogEntry[], from: Position, round: Round): void {
    if (this.session !== undefined) this.hearOf(this.session, entries);
    if (this.isIdle) return;
    this.host.counters.delivered(entries[0]!.time);
    const shared = new Chunk(this, entries, from, this.flushed);
    const { now } = this;
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

  private hearOf(sid: string, entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      const code = closeCodeOf(entry);
      if (code === undefined) this.host.sessionNoted(sid, entry);
      else this.host.sessionChanged(sid, code);
    }
  }

  private address(audience: Audience, chunk: Chunk, round: Round): void {
    audience.behind = false;
    this.host.counters.addressed(audience.sizes, chunk.entries.length);
    round.add(audience.listeners, chunk);
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
