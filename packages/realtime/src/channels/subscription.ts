import { type GapReason, type Position, STATE_EVENTS, type SubscriptionStart } from '@nestwire/protocol';
import type { LogEntry } from '../backend/event-log.js';
import { backoff } from '../backoff.js';
import type { Counters, Transport } from '../observability/counters.js';
import type { Identity } from '../sessions/identity.js';
import { isVisible, type Listener } from './audience.js';
import { Batch } from './batch.js';
import { Chunk } from './chunk.js';
import { mergePatches } from './merge-patches.js';
import { LOW_WATER, type Outlet } from './outlet.js';
import { beginningOf, isSamePosition, positionOf } from './positions.js';
import type { Receiver } from './round.js';
import { sizeOf } from './tail.js';
import type { Topic } from './topic.js';

/** Most entries that are read at a time while a subscription catches up. */
const PAGE_COUNT = 100;
/** About so many bytes are read at a time. */
const PAGE_BYTES = 256 * 1024;
/** So many bytes are written before it waits again for those that were written to leave. */
const WRITE_BYTES = 64 * 1024;

/** Where a client says that it was: a position, nothing, or something that cannot be read. */
export type Resume = Position | 'unreadable' | undefined;

/** The connection, as its subscriptions know it. */
export interface Subscriber extends Receiver {
  readonly transport: Transport;
  readonly counters: Counters;
  readonly identity: Identity;
  readonly outlet: Pick<Outlet, 'drained' | 'queuedBytes' | 'replayStart' | 'replayEnd'>;
  /** Writes a batch outside the tick, once there is room for it. */
  send(batch: Batch): void;
  sendGap(gap: { channel: string; reason: GapReason; position: string }): void;
  /** The snapshot of a document: an entry that stands for all up to its position. */
  readSnapshot(topic: Topic): Promise<LogEntry>;
  /** Takes over background work. */
  track(work: Promise<void>): void;
  report(error: unknown, channel: string): void;
}

/**
 * One connection's subscription to one channel. It is either level, and then a listener of the topic that is served by the tick,
 * or it catches up: reads on from its own position, at its connection's pace, until it is level. Live events are never queued for it.
 */
export class Subscription implements Listener {
  place = -1;
  start!: SubscriptionStart;
  private position!: Position;
  private live = false;
  private closed = false;
  /** Ends the wait of {@link released}. */
  private stopWaiting: (() => void) | undefined;
  private needsSnapshot = false;
  private gap: GapReason | undefined;
  /** Only the outcome counts: patches that are caught up with become one. */
  private merging = false;
  /** The last offset that was promised as a replay; events up to it are marked as replayed. 0 where none is left to send. */
  private replayUntil = 0;
  /** Entries to read at a time: fewer where they are large. */
  private pageCount = PAGE_COUNT;

  constructor(
    readonly receiver: Subscriber,
    readonly topic: Topic,
  ) {}

  get transport(): Transport {
    return this.receiver.transport;
  }

  get roles(): readonly string[] {
    return this.receiver.identity.principal.roles;
  }

  /** How far the client has been brought, as text. */
  get positionText(): string {
    return this.live ? this.topic.flushedText : this.topic.textOf(this.position);
  }

  /** A replay was promised and has yet to be sent. */
  get isReplaying(): boolean {
    return this.replayUntil > 0;
  }

  /** Finds where the stream starts. */
  async locate(resume: Resume): Promise<void> {
    const { replays } = this.receiver.counters;
    if (resume === undefined) return this.startAt(this.topic.end, undefined);
    if (resume === 'unreadable') {
      replays.refused += 1;
      return this.startAt(this.topic.end, false);
    }
    const source = this.topic.isInTail(resume) ? 'tail' : 'log';
    const page = await this.topic.read(resume, { count: 1 });
    replays[page.gap === undefined ? source : 'refused'] += 1;
    if (page.gap !== undefined) return this.startAt(page.end, false);
    const replay = page.end.offset - resume.offset;
    this.position = resume;
    this.replayUntil = replay > 0 ? page.end.offset : 0;
    this.pageCount = countFor(page.entries);
    this.start = { position: this.positionText, recovered: true, replay };
  }

  /** Sends what is due before the live stream, then joins it; resolves then, or when the subscription is closed. */
  async run(): Promise<void> {
    await this.replay();
    await this.stepUntil(() => this.tryJoin());
  }

  /** Sends the replay that was promised, between its marks; what has come meanwhile is left to {@link run}. */
  async replay(): Promise<void> {
    if (!this.isReplaying || this.closed) return;
    this.receiver.outlet.replayStart(this.topic.name, this.start.replay);
    await this.stepUntil(() => !this.isReplaying);
  }

  onGap({ reason }: { reason: GapReason }): void {
    if (!this.topic.versioned) return this.sendGap(reason);
    this.leave();
    this.loseTo(this.topic.flushed, reason);
    this.receiver.track(this.run());
  }

  /** Takes the subscription out of the tick, to read on from the position when the connection has drained. */
  catchUpFrom(position: Position): void {
    if (!this.live) return;
    this.leave();
    this.merging = this.topic.versioned;
    this.position = position;
    this.receiver.track(this.run());
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.leave();
    this.stopWaiting?.();
  }

  private startAt(end: Position, recovered: boolean | undefined): void {
    this.needsSnapshot = this.topic.versioned;
    this.position = this.needsSnapshot ? beforeSnapshot(end) : end;
    this.start = {
      position: this.positionText,
      ...(recovered === undefined ? {} : { recovered }),
      replay: 0,
    };
  }

  private async stepUntil(isDone: () => boolean): Promise<void> {
    const wait = backoff();
    while (!this.closed && !isDone()) {
      try {
        await this.step();
      } catch (error) {
        this.receiver.report(error, this.topic.name);
        await wait();
      }
    }
  }

  /** Joins in the same breath as it is found level: nothing can come in between. */
  private tryJoin(): boolean {
    if (this.needsSnapshot || !isSamePosition(this.position, this.topic.flushed)) return false;
    this.live = true;
    this.merging = false;
    this.topic.join(this);
    return true;
  }

  private leave(): void {
    if (this.live) this.topic.leave(this);
    this.live = false;
  }

  private async step(): Promise<void> {
    await this.receiver.outlet.drained();
    if (this.closed) return;
    if (this.needsSnapshot) return this.sendSnapshot();
    if (!this.isReplaying && this.isAhead()) return this.topic.nextFlush(this.position);
    return this.sendPage();
  }

  /** The log had entries that the topic has not flushed yet. */
  private isAhead(): boolean {
    const { flushed } = this.topic;
    return this.position.epoch === flushed.epoch && this.position.offset > flushed.offset;
  }

  private async sendSnapshot(): Promise<void> {
    const snapshot = await this.receiver.readSnapshot(this.topic);
    await this.whenRoom(() => this.bringTo(snapshot));
  }

  /** Only the snapshot itself moves the position past it, not the word of the gap before it. */
  private bringTo(snapshot: LogEntry): void {
    if (this.gap !== undefined) this.sendGap(this.gap);
    this.gap = undefined;
    this.needsSnapshot = false;
    this.position = positionOf(snapshot);
    this.receiver.send(new Batch([new Chunk(this.topic, [snapshot], this.position, this.position)]));
  }

  private async sendPage(): Promise<void> {
    const page = await this.topic.read(this.position, { count: this.pageCount });
    if (this.closed) return;
    if (page.gap !== undefined) return this.loseTo(page.end, page.gap);
    if (page.entries.length === 0) return this.meetTopic();
    this.pageCount = countFor(page.entries);
    for (const entries of this.portions(page.entries)) {
      await this.whenRoom(() => this.sendEntries(entries));
      if (this.closed) return;
    }
  }

  /** Looks again right before it writes: others may have waited for the same room. */
  private async whenRoom(write: () => void): Promise<void> {
    const { outlet } = this.receiver;
    do {
      await outlet.drained();
      if (this.topic.isHeld && !this.closed) await this.released();
    } while (!this.closed && (this.topic.isHeld || outlet.queuedBytes() >= LOW_WATER));
    if (!this.closed) write();
  }

  /** What has been read is not sent either before it is known whether the session was revoked meanwhile. */
  private async released(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.topic.onRelease(resolve);
      this.stopWaiting = () => {
        cancel();
        resolve();
      };
    });
    this.stopWaiting = undefined;
  }

  /** The log has no more. A topic that is neither there nor before it knows another log, and is to look again. */
  private async meetTopic(): Promise<void> {
    this.endReplay();
    if (isSamePosition(this.position, this.topic.flushed) || this.isAhead()) return;
    await this.topic.check();
  }

  /** What is written at a time. Patches that become one are not taken apart, and no portion is replayed in part. */
  private *portions(entries: readonly LogEntry[]): Iterable<readonly LogEntry[]> {
    let begin = 0;
    let bytes = 0;
    for (let i = 0; i < entries.length; i += 1) {
      bytes += sizeOf(entries[i]!);
      if (entries[i]!.offset !== this.replayUntil && (this.merging || bytes < WRITE_BYTES)) continue;
      yield entries.slice(begin, i + 1);
      begin = i + 1;
      bytes = 0;
    }
    if (begin < entries.length) yield entries.slice(begin);
  }

  private sendEntries(entries: readonly LogEntry[]): void {
    const from = this.position;
    const { now } = this.topic;
    const seen = entries.filter((entry) => isVisible(entry, this.roles, now));
    const to = entries.at(-1)!;
    const isReplay = to.offset <= this.replayUntil;
    const batch =
      this.merging || seen.length < entries.length
        ? this.ownBatch(seen, from, to, isReplay)
        : this.topic.batchOf(entries, from, isReplay);
    this.position = batch.chunks[0]!.to;
    this.receiver.send(batch);
    if (this.position.offset >= this.replayUntil) this.endReplay();
  }

  private ownBatch(seen: readonly LogEntry[], from: Position, to: Position, isReplay: boolean): Batch {
    const entries = this.merging ? mergePatches(seen) : seen;
    return new Batch([new Chunk(this.topic, entries, from, positionOf(to), isReplay)]);
  }

  /** The log no longer has what comes next: the client is told, and goes on after the hole, a document with a fresh snapshot. */
  private loseTo(end: Position, reason: GapReason): void {
    this.endReplay();
    if (this.topic.versioned) {
      this.position = beforeSnapshot(end);
      this.needsSnapshot = true;
      this.gap = reason;
    } else {
      this.position = end.epoch === this.position.epoch ? end : beginningOf(end);
      this.sendGap(reason);
    }
  }

  private endReplay(): void {
    if (this.isReplaying) this.receiver.outlet.replayEnd(this.topic.name);
    this.replayUntil = 0;
  }

  private sendGap(reason: GapReason): void {
    this.receiver.sendGap({ channel: this.topic.name, reason, position: this.positionText });
  }
}

/**
 * Where a document's client is until its snapshot has been sent: at a position that no entry fits, so that whoever comes back
 * with it is not recovered and gets the snapshot.
 */
function beforeSnapshot({ epoch }: Position): Position {
  return { epoch, offset: 0, tag: 1 };
}

/** So many entries as these were are about a page. */
function countFor(entries: readonly LogEntry[]): number {
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes === 0) return PAGE_COUNT;
  return Math.min(PAGE_COUNT, Math.max(1, Math.floor((PAGE_BYTES * entries.length) / bytes)));
}

/** The snapshot of a document as an entry of its channel. */
export function snapshotEntry(position: Position, fieldsText: string): LogEntry {
  return { ...position, previousTag: 0, time: Date.now(), event: STATE_EVENTS.snapshot, data: fieldsText };
}
