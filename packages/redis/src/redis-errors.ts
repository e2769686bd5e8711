import { RealtimeError } from '@nestwire/protocol';

/** Answers of a server that cannot now: it loads, is a replica, or its cluster is changing. The command has not run. */
const PASSING = /(^|\s)(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS)\b/;

export type Failure =
  /** The connection broke: it may have run. */
  | 'broken'
  /** The server has refused for now: it has not run. */
  | 'passing'
  /** The server has refused, and will again. */
  | 'final';

/** What an error of ioredis means. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return 'broken';
  return PASSING.test(error.message) ? 'passing' : 'final';
}

/** Redis cannot be reached in time. `mayHaveRun`: it was sent, and its answer is not known. */
export function unavailable(mayHaveRun: boolean, cause?: unknown): RealtimeError {
  return new RealtimeError('unavailable', 'Redis cannot be reached', {
    ...(mayHaveRun ? { details: { outcome: 'unknown' } } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The server's last word, without its text for clients. Out of memory is its own passing trouble. */
export function refused(cause: unknown): RealtimeError {
  const isFull = cause instanceof Error && /\bOOM\b/.test(cause.message);
  return isFull
    ? new RealtimeError('unavailable', 'Redis is out of memory', { cause })
    : new RealtimeError('internal', 'Redis has refused', { cause });
}
