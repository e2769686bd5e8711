import type { GapReason, Position } from '@nestwire/protocol';

/** How much of a channel is kept. */
export interface History {
  /** Number of events; at least 1. Default 1,000. */
  size: number;
  /** Age in milliseconds, by the backend's own clock. Default 30,000. */
  ttlMs: number;
}

/** An event on its way into a log. */
export interface AppendEvent {
  event: string;
  /** JSON text without line breaks. Backends store and return it as it is and never parse it. */
  data: string;
  /**
   * Drawn once per publish and repeated by our own retries: the same operation is the same entry. Retries come soon:
   * the last 1,000 operations of a channel are remembered, where its history holds so many.
   */
  operationId: string;
  /** True where the operation may have been made before: only then is it looked for. Default false. */
  isRetry?: boolean;
  /** The caller's: within {@link IDEMPOTENCY_WINDOW_MS} and one epoch the same key is the same entry. */
  idempotencyKey?: string;
  /** After so many milliseconds the event is no longer delivered. Its entry stays, so that the chain of tags holds. */
  ttlMs?: number;
  /** Delivered only to principals that hold one of these. */
  roles?: readonly string[];
  correlationId?: string;
}

/** How long an idempotency key is remembered, in milliseconds. */
export const IDEMPOTENCY_WINDOW_MS = 5 * 60_000;

/** An event of a log. Immutable, and shared by all who read it. */
export interface LogEntry extends Position {
  /** The tag of the entry before; 0 for the first of an epoch. */
  readonly previousTag: number;
  /** Milliseconds since 1970, by the backend's clock. */
  readonly time: number;
  readonly event: string;
  readonly data: string;
  readonly roles?: readonly string[];
  readonly correlationId?: string;
  /** Milliseconds since 1970 after which it is not delivered. */
  readonly expiresAt?: number;
}

/** Where an append is in its log. */
export interface Appended {
  position: Position;
  /** True where the operation or the idempotency key had been seen: the position is the first one's. */
  duplicate: boolean;
}

/** How much is read at once. */
export interface ReadLimit {
  /** Most entries of one answer; at least 1. */
  count: number;
}

/**
 * `entries` follow `after` without a hole, oldest first; empty where `after` is the end.
 * `gap` where they cannot be had: the position is of another epoch, cannot be checked any more, does not fit, or is ahead.
 */
export type LogPage =
  | { readonly entries: readonly LogEntry[]; readonly end: Position; readonly gap?: undefined }
  | { readonly gap: GapReason; readonly end: Position };

/** What a log holds, oldest first, and where it ends. */
export interface KeptEntries {
  readonly entries: readonly LogEntry[];
  readonly end: Position;
}

/** Receives entries as they are appended. They may come late, doubled, in the wrong order, or not at all: the hub checks. */
export type FollowListener = (entries: readonly LogEntry[]) => void;

/** Ends following. Never throws. */
export type Unfollow = () => void;

/**
 * Channels as numbered logs.
 *
 * - A log is born, with a random epoch and its end at offset 0 and tag 0, by the first `append` or `end`. One that is lost
 *   or dropped is born again with another epoch, so that no position of the earlier life passes.
 * - Offsets are 1, 2, 3 … within an epoch. Each entry has a random tag and keeps its predecessor's.
 * - The log keeps its last offset and tag when every entry has expired, and for longer than entries and idempotency records live.
 */
export interface EventLog {
  /**
   * Appends the events to one channel, in order, atomically and in one round trip, and hands them to all who follow it.
   * Resolved means stored and published. Retention applies at append: too many or too old entries are dropped.
   * Rejects with `unavailable` (`details.outcome` is `"unknown"` where it may have been stored).
   */
  append(channel: string, events: readonly AppendEvent[], history: History): Promise<Appended[]>;

  /** The entries after a position, checked against the position's own entry or its successor's, within the limit. */
  read(channel: string, after: Position, history: History, limit: ReadLimit): Promise<LogPage>;

  /**
   * The entries after an offset that are still kept, oldest first, without a hole between them and within the limit, whatever was before:
   * for whoever compares the tags itself.
   */
  readKept(channel: string, afterOffset: number, history: History, limit: ReadLimit): Promise<KeptEntries>;

  /** The end of the log, born here where there was none. Asking keeps the log's metadata alive. */
  end(channel: string, history: History): Promise<Position>;

  /** Starts to hand the channel's new entries to the listener; what is appended after it resolved is handed over. */
  follow(channel: string, listener: FollowListener): Promise<Unfollow>;

  /**
   * Begins a new epoch where the log is still in the given one (compare-and-set): for whoever finds that an entry does not fit.
   * A document's fields stay, with new versions, and its log starts at offset 1, so that the place before the first patch
   * is none from which they could be had.
   * Answers with the end after it.
   */
  rotate(channel: string, epoch: string, history: History): Promise<Position>;
}
