import { type History, IDEMPOTENCY_WINDOW_MS } from '@nestwire/realtime';
import { randomBytes } from 'node:crypto';

/** Old entries are looked for about once in so many appends to a channel, and dropped by so many at most. */
const DROP_EVERY = 64;
const DROP_AT_MOST = 128;

/** Metadata outlives entries and idempotency records, and a day's silence. */
export function logTtlMs({ ttlMs }: History): number {
  return 2 * Math.max(ttlMs, IDEMPOTENCY_WINDOW_MS) + 24 * 60 * 60_000;
}

/** How many old entries an append of so many is to look for and drop. */
export function dropCount(events: number): number {
  return Math.random() * DROP_EVERY < events ? Math.max(DROP_AT_MOST, 2 * events) : 0;
}

export function newEpoch(): string {
  return randomBytes(8).toString('hex');
}

export function newTag(): number {
  return randomBytes(4).readUInt32BE();
}

export function newTags(count: number): number[] {
  const bytes = randomBytes(4 * count);
  return Array.from({ length: count }, (_, index) => bytes.readUInt32BE(4 * index));
}
