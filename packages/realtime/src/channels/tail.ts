import type { Position } from '@nestwire/protocol';
import type { History, LogEntry, LogPage, ReadLimit } from '../backend/event-log.js';

/** A tail that had to go is not filled again for so long, in milliseconds: it would only push others out. */
const EVICTION_REST_MS = 10_000;
/** What an entry takes besides its data: the object and its strings. */
const ENTRY_OVERHEAD_BYTES = 200;
/**
 * Until one is seen, entries are taken to be half as large as they may be by default: with the default budget the first read is of 128, and
 * takes twice what a fill may where all are as large as that.
 */
const PRESUMED_ENTRY_BYTES = 64 * 1024;

/** Bytes that an entry is reckoned at. */
export function sizeOf(entry: LogEntry): number {
  return ENTRY_OVERHEAD_BYTES + entry.data.length;
}

/** The newest entries of one channel on this node, without a hole, ending at the channel's end. */
export class Tail {
  bytes = 0;
  private entries: LogEntry[] = [];
  /** When each was appended, by this node's monotonic clock. */
  private times: number[] = [];
  /** True where the log had nothing older either when the tail was filled. */
  private isWhole = false;
  private evictedAt = -Infinity;

  constructor(private readonly history: History) {}

  push(entry: LogEntry): void {
    this.entries.push(entry);
    this.times.push(performance.now());
    this.bytes += sizeOf(entry);
    if (this.entries.length > this.history.size) this.dropFirst();
  }

  /**
   * Puts older entries, read from the log, before those that it holds; false where they do not fit.
   * `end` is the channel's end; `isWhole` says that the log holds nothing that is older.
   */
  prepend(older: readonly LogEntry[], end: Position, isWhole: boolean): boolean {
    const next = this.entries[0];
    const fitting = older.filter(({ offset }) => offset < (next?.offset ?? end.offset + 1));
    const last = fitting.at(-1);
    const fits =
      next === undefined
        ? last?.offset === end.offset && last.tag === end.tag
        : last?.tag === next.previousTag;
    if (last !== undefined && !fits) return false;
    const [clock, now] = [Date.now(), performance.now()];
    this.entries.unshift(...fitting);
    this.times.unshift(...fitting.map(({ time }) => now - Math.max(0, clock - time)));
    for (const entry of fitting) this.bytes += sizeOf(entry);
    this.isWhole = isWhole;
    this.drop(Math.max(0, this.entries.length - this.history.size));
    return true;
  }

  /**
   * The entries after a position, or why they cannot be had; undefined where the tail does not reach back far enough to say.
   * The position must be of the end's epoch and not after the end, which is the channel's as this node knows it.
   */
  read(after: Position, end: Position, limit: ReadLimit): LogPage | undefined {
    this.dropExpired();
    if (after.offset === end.offset)
      return after.tag === end.tag ? { entries: [], end } : { gap: 'epoch', end };
    const index = after.offset + 1 - (this.entries[0]?.offset ?? end.offset + 1);
    if (index < 0) return this.isWhole ? { gap: 'expired', end } : undefined;
    if (this.entries[index]?.previousTag !== after.tag) return { gap: 'epoch', end };
    return { entries: this.entries.slice(index, index + limit.count), end };
  }

  /** How many entries are between a position and the tail's first. */
  missing(after: Position, end: Position): number {
    return (this.entries[0]?.offset ?? end.offset + 1) - after.offset - 1;
  }

  /** How many more entries like its own it may take before it has so many bytes; a guess where it has none. */
  room(maxBytes: number): number {
    if (performance.now() - this.evictedAt < EVICTION_REST_MS) return 0;
    const average = this.entries.length === 0 ? PRESUMED_ENTRY_BYTES : this.bytes / this.entries.length;
    return Math.max(0, Math.ceil((maxBytes - this.bytes) / average));
  }

  /** The tag of an entry, where the tail holds it. */
  tagOf(offset: number): number | undefined {
    return this.entries[offset - (this.entries[0]?.offset ?? Infinity)]?.tag;
  }

  clear(): void {
    this.drop(this.entries.length);
    this.isWhole = false;
  }

  /** Lets go of everything to make room for others. */
  evict(): void {
    this.clear();
    this.evictedAt = performance.now();
  }

  private dropExpired(): void {
    const oldest = performance.now() - this.history.ttlMs;
    let count = 0;
    while (count < this.times.length && this.times[count]! < oldest) count += 1;
    if (count === 0) return;
    // The backend's clock may differ from ours, and it has the last word on what it still keeps.
    this.isWhole = false;
    this.drop(count);
  }

  /** What every entry does to a tail that is full: `splice` would move all that stay. */
  private dropFirst(): void {
    this.times.shift();
    this.bytes -= sizeOf(this.entries.shift()!);
  }

  private drop(count: number): void {
    if (count === 0) return;
    this.times.splice(0, count);
    for (const entry of this.entries.splice(0, count)) this.bytes -= sizeOf(entry);
  }
}
