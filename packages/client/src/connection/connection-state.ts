import type { CloseCode, ErrorCode, RealtimeError } from '@nestwire/protocol';
import type { TransportName } from '../transports/transport-name.js';

/** Why a connection is as it is. */
export type ConnectionReason =
  /** Nothing has been asked of the client yet. */
  | 'idle'
  /** `connect()`, or the first use. */
  | 'requested'
  /** `disconnect()` or `close()`. */
  | 'disconnected'
  /** The browser says that there is no network. It connects by itself when there is. */
  | 'offline'
  /** The transport broke, or could not be opened. */
  | 'transport_lost'
  /** Nothing came any more, although the transport looked open. */
  | 'heartbeat_missed'
  /** A first connection is open. */
  | 'opened'
  /** It came back, and went on where it was. */
  | 'resumed'
  /** What the server said last; after those with `reconnect: false` the client stays away until `connect()`. */
  | CloseCode
  /** The server has refused the client for good. */
  | ErrorCode;

/**
 * - `disconnected`: no attempt is under way, and none will be made, unless the reason is `offline`.
 * - `connecting`: it is being opened, or waited for the next attempt.
 * - `connected`: it is open.
 */
export type ConnectionStatus = 'disconnected' | 'connecting' | 'connected';

/** How the connection is, and why. */
export interface ConnectionState {
  readonly status: ConnectionStatus;
  readonly reason: ConnectionReason;
  /** Over what, where it is connected. */
  readonly transport?: TransportName;
  /** The session's public id; null where the server knows of none. */
  readonly sid?: string | null;
  /** Attempts since it was last connected. */
  readonly attempt: number;
  /** When the next attempt is made, as `Date.now()`; where one is waited for. */
  readonly retryAt?: number;
  /** True while the server cannot reach its backend: what comes in between comes late. */
  readonly degraded: boolean;
  /** The last thing that went wrong, until it is connected. */
  readonly error?: RealtimeError;
}
