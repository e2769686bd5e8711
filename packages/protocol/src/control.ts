import type { CloseCode } from './close-codes.js';
import type { ErrorBody } from './errors.js';

/** Names of the control events on Socket.IO; on SSE each has {@link SSE_CONTROL_PREFIX} before it. */
export const CONTROL_EVENTS = {
  ready: 'ready',
  gap: 'gap',
  close: 'close',
  drain: 'drain',
  degraded: 'degraded',
  healed: 'healed',
  expiring: 'expiring',
  presence: 'presence',
  /** SSE only. */
  cursor: 'cursor',
  replayStart: 'replay-start',
  replayEnd: 'replay-end',
} as const;

/** Before the names of control events on SSE. */
export const SSE_CONTROL_PREFIX = 'realtime.';

/** The Socket.IO event that carries a batch: `(envelopes, positions)`. */
export const EVENTS = 'events';

/** What became of one channel at its subscription. */
export interface SubscriptionStart {
  /** Where the stream starts, before any replay (Socket.IO only; on SSE it is in the first cursor). */
  position?: string;
  /** Absent where no position was handed in. */
  recovered?: boolean;
  /** How many events are about to be replayed; an upper bound. */
  replay: number;
}

/** Where a channel starts, or why it was refused. */
export type SubscriptionOutcome = SubscriptionStart | { error: ErrorBody };

/** The first event of every connection. */
export interface Ready {
  connection: string;
  /** The session's public id; null where the connection belongs to none. */
  sid: string | null;
  /** Channels asked for (SSE) and channels followed by themselves (both transports). */
  channels: Record<string, SubscriptionOutcome>;
  /** Why the last connection of this session or ticket ended, where it could not be told. */
  previous?: { code: CloseCode };
  /** What a client without cookies may come back with, once, in place of its proof. */
  resumeToken?: string;
}

/** The proof of who the connection belongs to runs out: `realtime.auth` with a fresh token keeps the connection open. */
export interface Expiring {
  /** Milliseconds until then; the connection is closed a little later. */
  inMs: number;
}

/** Why a running stream has a hole. */
export type GapReason = 'expired' | 'epoch' | 'unreadable';

/** The control event `gap`: events of a running stream are missing and cannot be had. */
export interface Gap {
  channel: string;
  reason: GapReason;
  /** Socket.IO only: the position after the hole. */
  position?: string;
}
