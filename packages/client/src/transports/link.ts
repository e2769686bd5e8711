import type {
  Command,
  ErrorBody,
  Gap,
  Positions,
  Ready,
  Reply,
  SubscriptionOutcome,
} from '@nestwire/protocol';
import type { Envelope } from '@nestwire/protocol';

export type TransportName = 'websocket' | 'sse';

/** One open connection to the server, over whichever transport. It never comes back by itself. */
export interface Link {
  readonly transport: TransportName;
  /**
   * What an answer to a command is tied to on the server: a command that was sent within one scope may be sent again within the same,
   * and runs once. Undefined where that is not known.
   */
  readonly scope: string | undefined;
  /**
   * The channels that are to be followed from now on, each with the position to start at; undefined: live. Those that are
   * followed already go on as they are.
   */
  follow(channels: ReadonlyMap<string, string | undefined>): void;
  /** Rejects where the link ends before the answer, or the answer is none. */
  send(command: Command): Promise<Reply>;
  /** Hands a fresh token in; the link goes on. */
  renew(token: string): Promise<Reply<{ expiresAt: number | null }>>;
  /** Ends it at once. Nothing is heard of it any more. */
  close(): void;
}

/** What a link tells. Nothing is told after `onEnd`. */
export interface LinkListener {
  /** The link is open. First of all. */
  onReady(ready: Ready): void;
  /** What became of a channel that was to be followed: it starts, or was refused. Before any of its events. */
  onStart(channel: string, outcome: SubscriptionOutcome): void;
  /** Events in order, named, and where the channels are after them. */
  onEvents(envelopes: readonly Envelope[], positions: Positions): void;
  onGap(gap: Gap): void;
  onControl(name: 'drain' | 'degraded' | 'healed'): void;
  /** Something came, be it a comment: the link lives. */
  onSign(): void;
  onEnd(end: LinkEnd): void;
}

/** Why a link has ended, or could not be opened. */
export interface LinkEnd {
  /** A close code, an error code, or what happened to the transport. */
  readonly reason: import('../connection/connection-state.js').ConnectionReason;
  /** False: the server has said not to come back. */
  readonly reconnect: boolean;
  /** When to come back, as the server advises, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly error?: ErrorBody;
}

/** What a link needs to be opened. */
export interface LinkRequest {
  readonly token: string | undefined;
  readonly channels: ReadonlyMap<string, string | undefined>;
  /** Positions of channels that the server follows by itself. */
  readonly followed: Positions;
}

/** Opens a link; what becomes of it is told. */
export type OpenLink = (request: LinkRequest, listener: LinkListener) => Link;
