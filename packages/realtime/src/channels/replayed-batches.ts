import type { Position } from '@nestwire/protocol';
import { LRUCache } from 'lru-cache';
import type { LogEntry } from '../backend/event-log.js';
import { Batch } from './batch.js';
import { Chunk, type ChunkChannel } from './chunk.js';
import { isSamePosition, positionOf } from './positions.js';
import { sizeOf } from './tail.js';

/** Bytes of entries whose batches are kept; they take a few times as much, as text and as what is written. */
const MAX_BYTES = 2 * 1024 * 1024;

/** Who comes back at the same place at the same time gets the same: made, encoded and framed once for all of them, however many they are. */
export class ReplayedBatches {
  private readonly kept = new LRUCache<string, Batch>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ chunks: [chunk] }) =>
      chunk!.entries.reduce((bytes, entry) => bytes + sizeOf(entry), 0),
  });

  /** These entries, which follow a position in the log without a hole, as a batch: one that was made before, where it is of the very same. */
  batchOf(channel: ChunkChannel, entries: readonly LogEntry[], from: Position, isReplay: boolean): Batch {
    const key = `${channel.name} ${from.offset} ${entries.length} ${isReplay}`;
    const known = this.kept.get(key);
    if (known !== undefined && isOf(known.chunks[0]!, channel, entries, from)) return known;
    const batch = new Batch([new Chunk(channel, entries, from, positionOf(entries.at(-1)!), isReplay)]);
    this.kept.set(key, batch);
    return batch;
  }

  /** To be called from time to time: they are for those who come at once. */
  clear(): void {
    this.kept.clear();
  }
}

/** As many without a hole are the same where the first and the last are. */
function isOf(chunk: Chunk, channel: ChunkChannel, entries: readonly LogEntry[], from: Position): boolean {
  return (
    chunk.channel === channel &&
    isSamePosition(chunk.from, from) &&
    chunk.entries[0] === entries[0] &&
    chunk.entries.at(-1) === entries.at(-1)
  );
}
