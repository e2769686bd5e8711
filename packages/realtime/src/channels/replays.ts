import type { Position } from '@nestwire/protocol';
import type { EventLog, History, LogPage, ReadLimit } from '../backend/event-log.js';
import type { Feed } from './feed.js';
import { SharedCall } from './shared-call.js';
import type { Tail } from './tail.js';

/** The tail is filled with so many entries at most; who is further behind reads the log itself, page by page. */
const MAX_FILL = 2_000;
/** Most entries that are read at a time to fill it. */
const FILL_PAGE = 500;
/** So many epochs that are over are known, for clients that come back with one. */
const MAX_PAST_EPOCHS = 8;
/** Most channels have none: one set for all. */
const NO_EPOCHS: ReadonlySet<string> = new Set();

export interface ReplayHost {
  readonly log: EventLog;
  /** A tail is not filled beyond so many bytes. */
  readonly maxFillBytes: number;
  /** The tail has grown or was used. */
  touched(tail: Tail): void;
}

/**
 * What one channel's clients have missed: from the tail where it reaches back so far. Where it does not it is filled from the log, once for
 * all who ask at the time, however many clients come back.
 */
export class Replays {
  /** Fills come one after another: who asks while one is under way most often finds that it has read what is wanted. */
  private filled = Promise.resolve();
  private filling: SharedCall<Position, void> | undefined;
  private pastEpochs: ReadonlySet<string> = NO_EPOCHS;

  constructor(
    private readonly channel: string,
    private readonly history: History,
    private readonly tail: Tail,
    private readonly feed: Feed,
    private readonly host: ReplayHost,
  ) {}

  /** Entries after a position, checked, or why they cannot be had. */
  async read(after: Position, limit: ReadLimit): Promise<LogPage> {
    if (!this.isWithin(after) && !this.pastEpochs.has(after.epoch)) {
      await this.feed.catchUp();
      if (after.epoch !== this.feed.end.epoch) this.rememberPast(after.epoch);
    }
    if (!this.isWithin(after)) return { gap: 'epoch', end: this.feed.end };
    const page = this.tail.read(after, this.feed.end, limit) ?? (await this.readOlder(after, limit));
    if (!this.feed.isClosed) this.host.touched(this.tail);
    return page;
  }

  /** True where this node's memory alone can answer {@link read}. */
  isInTail(after: Position): boolean {
    return this.isWithin(after) && this.tail.read(after, this.feed.end, { count: 1 }) !== undefined;
  }

  /** An epoch never comes back: the log is not looked at again for the next client that has it. */
  private rememberPast(epoch: string): void {
    const known = this.pastEpochs.size === MAX_PAST_EPOCHS ? NO_EPOCHS : this.pastEpochs;
    this.pastEpochs = new Set([...known, epoch]);
  }

  private isWithin(after: Position): boolean {
    const { end } = this.feed;
    return after.epoch === end.epoch && after.offset <= end.offset;
  }

  private async readOlder(after: Position, limit: ReadLimit): Promise<LogPage> {
    if (this.tail.missing(after, this.feed.end) <= MAX_FILL && this.fillCount(after) > 0) {
      this.filling ??= new SharedCall((positions: readonly Position[]) => this.fill(positions));
      await this.filling.ask(after);
      const page = this.isWithin(after) ? this.tail.read(after, this.feed.end, limit) : undefined;
      if (page !== undefined) return page;
    }
    return this.host.log.read(this.channel, after, this.history, limit);
  }

  /** Reads back from the tail to the earliest of these positions, as far as there is room. */
  private async fill(positions: readonly Position[]): Promise<void> {
    const earliest = positions.reduce((a, b) => (b.offset < a.offset ? b : a));
    const before = this.filled;
    this.filled = (async () => {
      await before.catch(() => undefined);
      while (await this.fillPage(earliest));
    })();
    await this.filled;
  }

  /** True where there may be more to read. */
  private async fillPage(earliest: Position): Promise<boolean> {
    const { epoch } = this.feed.end;
    const count = this.fillCount(earliest);
    if (count === 0 || this.feed.isClosed) return false;
    const after = earliest.offset + this.tail.missing(earliest, this.feed.end) - count;
    const { entries, end } = await this.host.log.readKept(this.channel, after, this.history, { count });
    if (end.epoch !== epoch || this.feed.end.epoch !== epoch) return false;
    const isWhole = (entries[0]?.offset ?? Infinity) > after + 1;
    return this.tail.prepend(entries, this.feed.end, isWhole) && !isWhole;
  }

  private fillCount(earliest: Position): number {
    const missing = Math.max(0, this.tail.missing(earliest, this.feed.end));
    return Math.min(FILL_PAGE, missing, this.tail.room(this.host.maxFillBytes));
  }
}
