import {
  encodePosition,
  type GapReason,
  type Position,
  STATE_EVENTS,
  type SubscriptionStart,
} from '@nestwire/protocol';
import type { LogEntry } from '../backend/event-log.js';
import { backoff } from '../backoff.js';
import type { Identity } from '../sessions/identity.js';
import { isVisible, type Listener } from './audience.js';
import { Chunk } from './chunk.js';
import { mergePatches } from './merge-patches.js';
import type { Outlet } from './outlet.js';
import type { Receiver } from './round.js';
import type { Topic } from './topic.js';

/** Entries that are read, and written, at a time while a subscription catches up. */
const PAGE = 100;

/** Where a client says that it was: a position, nothing, or something that cannot be read. */
export type Resume = Position | 'unreadable' | undefined;

/** The connection, as its subscriptions know it. */
export interface Subscriber extends Receiver {
  readonly identity: Identity;
  readonly outlet: Pick<Outlet, 'drained' | 'replayStart' | 'replayEnd'>;
  /** Writes a chunk outside the tick. */
  send(chunk: Chunk): void;
  sendGap(gap: { channel: string; reason: GapReason; position: string }): void;
  /** Takes over background work. */
  track(work: Promise<void>): void;
  report(error: unknown, channel: string): void;
}

/** The snapshot of a document: an entry that stands for all up to its position. */
export type ReadSnapshot = (topic: Topic) => Promise<LogEntry>;

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
  private needsSnapshot = false;
  private gap: GapReason | undefined;
  /** Only the outcome counts: patches that are caught up with become one. */
  private merging = false;
  /** The last offset that was promised as a replay; events up to it are marked as replayed. */
  private replayUntil = 0;

  constructor(
    readonly receiver: Subscriber,
    readonly topic: Topic,
    private readonly readSnapshot: ReadSnapshot,
  ) {}

  get roles(): readonly string[] {
    return this.receiver.identity.principal.roles;
  }

  /** How far the client has been brought, as text. */
  get positionText(): string {
    return this.live ? this.topic.flushedText : encodePosition(this.topic.hash, this.position);
  }

  get isReplay(): boolean {
    return this.start.replay > 0;
  }

  /** Finds where the stream starts. A document that cannot be resumed starts before its first patch, until its snapshot is sent. */
  async locate(resume: Resume): Promise<void> {
    if (resume === undefined || resume === 'unreadable')
      return this.startAt(this.topic.end, resume === undefined ? undefined : false);
    const page = await this.topic.read(resume, { count: 1 });
    if (page.gap !== undefined) return this.startAt(page.end, false);
    this.position = resume;
    this.replayUntil = page.end.offset;
    this.start = { position: this.positionText, recovered: true, replay: page.end.offset - resume.offset };
  }

  /** Sends what is due before the live stream, then joins it; resolves then, or when the subscription is closed. */
  async run(): Promise<void> {
    if (this.isReplay && !this.closed) this.receiver.outlet.replayStart(this.topic.name, this.start.replay);
    const wait = backoff();
    while (!this.closed && !this.tryJoin()) {
      try {
        await this.step();
      } catch (error) {
        this.receiver.report(error, this.topic.name);
        await wait();
      }
    }
  }

  onGap({ reason }: { reason: GapReason }): void {
    if (!this.topic.versioned) return this.sendGap(reason);
    this.lag(this.topic.flushed);
    this.loseTo(this.topic.flushed, reason);
  }

  /** Takes the subscription out of the tick, to read on from the position when the connection has drained. */
  catchUpFrom(position: Position): void {
    this.merging = true;
    this.lag(position);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.live) this.topic.leave(this);
  }

  private startAt(end: Position, recovered: boolean | undefined): void {
    this.needsSnapshot = this.topic.versioned;
    this.position = this.needsSnapshot ? { epoch: end.epoch, offset: 0, tag: 0 } : end;
    this.start = {
      position: this.positionText,
      ...(recovered === undefined ? {} : { recovered }),
      replay: 0,
    };
  }

  /** Joins in the same breath as it is found level: nothing can come in between. */
  private tryJoin(): boolean {
    const { flushed } = this.topic;
    const { epoch, offset, tag } = this.position;
    if (this.needsSnapshot || offset !== flushed.offset || tag !== flushed.tag || epoch !== flushed.epoch)
      return false;
    this.live = true;
    this.merging = false;
    this.topic.join(this);
    return true;
  }

  private async step(): Promise<void> {
    await this.receiver.outlet.drained();
    if (this.closed) return;
    if (this.needsSnapshot) return this.sendSnapshot();
    const { flushed } = this.topic;
    const isAhead = this.position.epoch === flushed.epoch && this.position.offset > flushed.offset;
    if (isAhead) return this.topic.nextFlush(this.position);
    return this.sendPage();
  }

  private async sendSnapshot(): Promise<void> {
    const snapshot = await this.readSnapshot(this.topic);
    if (this.closed) return;
    this.needsSnapshot = false;
    this.position = { epoch: snapshot.epoch, offset: snapshot.offset, tag: snapshot.tag };
    if (this.gap !== undefined) this.sendGap(this.gap);
    this.gap = undefined;
    this.receiver.send(new Chunk(this.topic, [snapshot], this.position, this.position));
  }

  private async sendPage(): Promise<void> {
    const page = await this.topic.read(this.position, { count: PAGE });
    if (this.closed) return;
    if (page.gap !== undefined) return this.loseTo(page.end, page.gap);
    const replayed = page.entries.filter(({ offset }) => offset <= this.replayUntil);
    this.sendEntries(replayed, true);
    this.sendEntries(page.entries.slice(replayed.length), false);
  }

  private sendEntries(entries: readonly LogEntry[], replayed: boolean): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    const from = this.position;
    const now = Date.now();
    const seen = entries.filter((entry) => isVisible(entry, this.roles, now));
    this.position = { epoch: last.epoch, offset: last.offset, tag: last.tag };
    this.receiver.send(
      new Chunk(this.topic, this.merging ? mergePatches(seen) : seen, from, this.position, replayed),
    );
    if (replayed && last.offset >= this.replayUntil) this.endReplay();
  }

  /** The log no longer has what comes next: the client is told, and goes on after the hole, a document with a fresh snapshot. */
  private loseTo(end: Position, reason: GapReason): void {
    this.endReplay();
    this.position = end;
    if (this.topic.versioned) {
      this.needsSnapshot = true;
      this.gap = reason;
    } else {
      this.sendGap(reason);
    }
  }

  private endReplay(): void {
    if (this.replayUntil > 0 && this.isReplay) this.receiver.outlet.replayEnd(this.topic.name);
    this.replayUntil = 0;
  }

  private sendGap(reason: GapReason): void {
    this.receiver.sendGap({ channel: this.topic.name, reason, position: this.positionText });
  }

  private lag(position: Position): void {
    if (!this.live) return;
    this.topic.leave(this);
    this.live = false;
    this.position = position;
    this.start = { ...this.start, replay: 0 };
    this.receiver.track(this.run());
  }
}

/** The snapshot of a document as an entry of its channel. */
export function snapshotEntry(position: Position, fieldsText: string): LogEntry {
  return { ...position, previousTag: 0, time: Date.now(), event: STATE_EVENTS.snapshot, data: fieldsText };
}
