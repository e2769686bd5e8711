import { RealtimeError } from '@nestwire/protocol';
import { types } from 'node:util';

/**
 * Answers of a server that cannot now: it loads, is a replica, cannot write to its disk, or its cluster is changing. The command has not run.
 * Within a script, and on Redis 6.2, other words stand before them.
 */
const PASSING =
  /(^|[\s-])(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|NOREPLICAS|MISCONF)\s/;
/** A WAIT that a server gave up when it became a replica: what was waited for has run. */
const UNBLOCKED = /^UNBLOCKED\s/;
/** What ioredis says where there is no connection to write to. */
const UNSENT = "isn't writeable";

export type Failure =
  /** It was never sent. */
  | 'unsent'
  /** The connection broke: it may have run. */
  | 'broken'
  /** The server has refused for now: it has not run. */
  | 'passing'
  /** The server has refused, and will again; or it is a fault of our own. */
  | 'final';

/** What an error of ioredis means. */
export function failureOf(error: unknown): Failure {
  const { name, message } = described(error);
  if (name === 'ReplyError') {
    if (UNBLOCKED.test(message)) return 'broken';
    return PASSING.test(message) ? 'passing' : 'final';
  }
  if (name === 'TypeError' || name === 'RangeError') return 'final';
  return message.includes(UNSENT) ? 'unsent' : 'broken';
}

/** Errors of Node itself are no instances of `Error` everywhere. */
export function described(error: unknown): { name: string; message: string } {
  return types.isNativeError(error) ? error : { name: '', message: String(error) };
}

/** The `host:port` that has a key whose slot is on the move there. */
export function redirectOf(error: unknown): string | undefined {
  return /^ASK \d+ (\S+)/.exec(described(error).message)?.[1];
}

/** Redis cannot be reached in time. `mayHaveRun`: it was sent, and its answer is not known. */
export function unavailable(
  mayHaveRun: boolean,
  cause?: unknown,
  message = 'Redis cannot be reached',
): RealtimeError {
  return new RealtimeError('unavailable', message, {
    ...(mayHaveRun ? { details: { outcome: 'unknown' } } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The server's last word, without its text for clients. Out of memory is its own passing trouble. */
export function refused(cause: unknown): RealtimeError {
  const isFull = /\bOOM\b/.test(described(cause).message);
  return isFull
    ? new RealtimeError('unavailable', 'Redis is out of memory', { cause })
    : new RealtimeError('internal', 'Redis has refused', { cause });
}
