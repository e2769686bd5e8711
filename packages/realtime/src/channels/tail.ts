import type { Position } from '@nestwire/protocol';
import type { History, LogEntry, LogPage, ReadLimit } from '../backend/event-log.js';

/** What an entry takes besides its data: the object and its strings. */
const ENTRY_OVERHEAD_BYTES = 200;

/** Bytes that an entry is reckoned at. */
export function sizeOf(entry: LogEntry): number {
  return ENTRY_OVERHEAD_BYTES + entry.data.length;
}

/** The newest entries of one channel on this node, without a hole, ending at the channel's end. */
export class Tail {
  private entries: LogEntry[] = [];
  private arrivals: number[] = [];
  bytes = 0;

  constructor(private readonly history: History) {}

  push(entry: LogEntry): void {
    this.entries.push(entry);
    this.arrivals.push(performance.now());
    this.bytes += sizeOf(entry);
    if (this.entries.length > this.history.size) this.drop(1);
  }

  /**
   * The entries after a position, or undefined where the tail does not reach back far enough and the log must be asked.
   * `end` is the channel's end as this node knows it.
   */
  read(after: Position, end: Position, limit: ReadLimit): LogPage | undefined {
    this.dropExpired();
    if (after.epoch !== end.epoch || after.offset > end.offset) return undefined;
    if (after.offset === end.offset) return after.tag === end.tag ? { entries: [], end } : undefined;
    const index = after.offset + 1 - (this.entries[0]?.offset ?? Infinity);
    if (index < 0 || this.entries[index]?.previousTag !== after.tag) return undefined;
    return { entries: this.entries.slice(index, index + limit.count), end };
  }

  /** The tag of an entry, where the tail holds it. */
  tagOf(offset: number): number | undefined {
    return this.entries[offset - (this.entries[0]?.offset ?? Infinity)]?.tag;
  }

  clear(): void {
    this.drop(this.entries.length);
  }

  private dropExpired(): void {
    const oldest = performance.now() - this.history.ttlMs;
    let count = 0;
    while (count < this.arrivals.length && this.arrivals[count]! < oldest) count += 1;
    this.drop(count);
  }

  private drop(count: number): void {
    if (count === 0) return;
    this.arrivals.splice(0, count);
    for (const entry of this.entries.splice(0, count)) this.bytes -= sizeOf(entry);
  }
}
