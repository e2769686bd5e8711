import { RealtimeError } from '@nestwire/protocol';

/** What a client is told that is over a limit. */
export function overLimit(what: string, retryAfterMs: number): RealtimeError {
  return new RealtimeError('rate_limited', what, { retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) });
}
