import type { CloseNotice, Expiring, GapReason } from '@nestwire/protocol';
import type { Batch } from './batch.js';

/** Catching up goes on when less than this is waiting, in bytes. */
export const LOW_WATER = 64 * 1024;

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
  /** Resolves when less than {@link LOW_WATER} is waiting, or at the end. */
  drained(): Promise<void>;
  /** Tells the client how the backend is. */
  tell(event: 'degraded' | 'healed'): void;
  /** Tells the client that its proof of who it is runs out. */
  expiring(notice: Expiring): void;
  /** Tells the client to come back after so many milliseconds; the end follows. */
  drain(retryAfterMs: number): void;
  /** Says the last word and ends the connection; resolves when it has ended. */
  close(notice: CloseNotice): Promise<void>;
  /** Ends it without a last word and lets go of all that waits. */
  terminate(): void;
}
