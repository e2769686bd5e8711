import type {
  CloseNotice,
  Command,
  Envelope,
  ErrorBody,
  Gap,
  Positions,
  Ready,
  Reply,
  SubscriptionOutcome,
} from '@nestwire/protocol';
import type { ConnectionReason } from '../connection/connection-state.js';
import type { TransportName } from './transport-name.js';

/** One open connection to the server, over whichever transport. It never comes back by itself. */
export interface Link {
  readonly transport: TransportName;
  /**
   * What the server keeps the records of commands under: one that was sent within a scope may be sent again within the same, and
   * runs once. Undefined where there are none.
   */
  readonly scope: string | undefined;
  /** The channels that the server follows by itself: those of the connection's own session, user and roles. */
  readonly followed: readonly string[];
  /** What is to be followed has changed: see {@link LinkRequest.channels}. Channels that are followed already go on. */
  follow(): void;
  /** A channel that is followed is to start where {@link LinkRequest.positions} says now, which is elsewhere. */
  startAnew(channel: string): void;
  /** Rejects where no answer came: the link has ended, or the request was lost. */
  send(command: Command): Promise<Reply>;
  /** Hands a fresh token in, and the link goes on. Rejects as {@link send} does. */
  renew(token: string): Promise<Reply>;
  /** Follows nothing any more, and waits for the answers that are on their way; another link has taken over. */
  retire(): void;
  /** Ends at once. */
  close(): void;
}

/** What a link tells. Nothing after `onEnd`, nor after the link was retired or closed. */
export interface LinkListener {
  /** The link is open. First of all, and once. */
  onReady(ready: Pick<Ready, 'sid' | 'previous'>): void;
  /** The token of the link's request runs out. */
  onExpiring(): void;
  /** What became of a channel that was to be followed, or that the server follows by itself; before any of its events. */
  onStart(channel: string, outcome: SubscriptionOutcome): void;
  /** Events in order, with their names, and where the channels are after them. */
  onEvents(envelopes: readonly Envelope[], positions: Positions): void;
  onGap(gap: Gap): void;
  onControl(name: 'drain' | 'degraded' | 'healed'): void;
  onEnd(end: LinkEnd): void;
}

/** Why a link has ended, or could not be opened. */
export interface LinkEnd {
  readonly reason: ConnectionReason;
  /** False: the server has said not to come back. */
  readonly reconnect: boolean;
  /** When to come back, as the server advises, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly error?: ErrorBody;
}

/** What a client without a cookie comes back with. */
interface Resumption {
  token?: string;
  /** The bearer token that the session was last proven with: it goes with commands over HTTP, where a resume token is no proof. */
  bearer?: string;
}

export interface LinkRequest {
  readonly token: string | undefined;
  /** Live: read when it is used, and written with each that comes. */
  readonly resume: Resumption;
  /** What is to be followed now, without what the server has refused. */
  channels(): ReadonlySet<string>;
  /** Where the client is in its channels: read whenever a channel is to start. */
  readonly positions: Readonly<Positions>;
}

/** The transport itself failed: nothing was heard of the server. */
export const TRANSPORT_LOST: LinkEnd = { reason: 'transport_lost', reconnect: true };

/** What the server's last word says; without one the transport broke. */
export function noticeEnd(notice: CloseNotice | undefined): LinkEnd {
  if (notice === undefined) return TRANSPORT_LOST;
  const { code, reconnect, retryAfterMs } = notice;
  return { reason: code, reconnect, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** What an error that the server has refused the client with says. */
export function refusalEnd(error: ErrorBody): LinkEnd {
  const { close } = (error.details ?? {}) as { close?: ConnectionReason };
  const { temporary, code, retryAfterMs } = error;
  return {
    reason: close ?? code,
    reconnect: temporary,
    error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
