import { RealtimeError } from '@nestwire/protocol';
import { backoff } from '../backoff.js';

const TRIES = 3;

/**
 * Calls up to three times, with exponential backoff and full jitter in between, as long as the failure may pass: an error that is not
 * a `RealtimeError` counts as one that may. Rejects with the last error.
 */
export async function retried<T>(call: () => Promise<T>): Promise<T> {
  const wait = backoff();
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (tries === TRIES || !mayPass(error)) throw error;
      await wait();
    }
  }
}

function mayPass(error: unknown): boolean {
  return !(error instanceof RealtimeError) || error.temporary;
}
