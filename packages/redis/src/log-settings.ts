import { type History, IDEMPOTENCY_WINDOW_MS } from '@nestwire/realtime';

/** Metadata outlives entries and idempotency records, and a day's silence. */
export function logTtlMs({ ttlMs }: History): number {
  return 2 * Math.max(ttlMs, IDEMPOTENCY_WINDOW_MS) + 24 * 60 * 60_000;
}
