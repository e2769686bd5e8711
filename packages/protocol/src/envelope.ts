/** One event of a channel as it travels. */
export interface Envelope<T = unknown> {
  /** Channel. */
  c: string;
  /** Offset within the channel's log. */
  o: number;
  /** Time of publication, milliseconds since 1970; kept on replay. */
  t: number;
  /** The event's name; on Socket.IO only, for on SSE it is the `event:` line. */
  n?: string;
  /** Data. */
  d: T;
  /** 1 where the event is replayed. */
  r?: 1;
  /** Correlation id. */
  x?: string;
  /** A document's version, in `state.snapshot` and `state.patch`. */
  v?: string;
}

/** Positions by channel, as `events` on Socket.IO carries them. Opaque: a client only hands them back. */
export type Positions = Record<string, string>;
