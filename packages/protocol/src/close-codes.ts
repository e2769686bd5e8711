/**
 * Why the server closed a connection, and whether to come back.
 * `told` is false for a connection that is terminated without a last word: the code is then in its next `ready`, as `previous`.
 */
export const CLOSE_CODES = {
  /** More than the byte bound was waiting to be read. */
  slow_consumer: { reconnect: true, told: false },
  /** Nothing that was written got through for the delivery time-out. */
  delivery_timeout: { reconnect: true, told: false },
  /** A plain stream reached `maxStreamMs`; it resumes by its cursor, perhaps on another node. */
  stream_expired: { reconnect: true, told: true },
  /** This node shuts down. */
  draining: { reconnect: true, told: true },
  /** The client went on over a limit; it is refused for `retryAfterMs`. */
  rate_limited: { reconnect: true, told: true },
  /** Little of what the client sent could be done; it is refused for `retryAfterMs`. */
  failing: { reconnect: true, told: true },
  /** A channel could not be opened for a passing reason; the next try may. */
  retry: { reconnect: true, told: true },
  /** The session was revoked. */
  session_revoked: { reconnect: false, told: true },
  /** The session ran out. */
  session_expired: { reconnect: false, told: true },
  /** The principal's token ran out and no fresh one came. */
  token_expired: { reconnect: false, told: true },
} as const;

/** One of {@link CLOSE_CODES}. */
export type CloseCode = keyof typeof CLOSE_CODES;

/** The control event `close`. */
export interface CloseNotice {
  code: CloseCode;
  /** False: the same session or ticket will be refused if it comes back. */
  reconnect: boolean;
  /** How long to wait before coming back, in milliseconds. */
  retryAfterMs?: number;
}
