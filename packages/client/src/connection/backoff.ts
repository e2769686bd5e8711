/** Longest wait that `setTimeout` takes, in milliseconds: what is longer would not wait at all. */
export const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * How long to wait before the next attempt, in milliseconds: full jitter, from 0 to a bound that doubles. The server's advice
 * is never undercut.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelayMs(
  attempt: number,
  { baseMs, maxMs, adviceMs = 0 }: { baseMs: number; maxMs: number; adviceMs?: number },
): number {
  const bound = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
  const delayMs = Math.max(Number.isFinite(adviceMs) ? adviceMs : 0, Math.random() * bound);
  return Math.round(Math.min(MAX_DELAY_MS, delayMs));
}
