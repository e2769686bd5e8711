import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffOptions {
  /** The first wait is drawn from 0 to this, in milliseconds. Default 50. */
  baseMs?: number;
  /** The longest wait, in milliseconds. Default 5,000. */
  maxMs?: number;
}

/**
 * Waits longer after each call, with full jitter: from 0 to a bound that doubles.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoff({ baseMs = 50, maxMs = 5_000 }: BackoffOptions = {}): () => Promise<void> {
  let bound = baseMs;
  return async () => {
    const delayMs = Math.random() * bound;
    bound = Math.min(maxMs, bound * 2);
    await sleep(delayMs, undefined, { ref: false });
  };
}
