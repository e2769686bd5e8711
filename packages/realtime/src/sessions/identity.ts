import type { IncomingMessage } from 'node:http';
import type { Principal } from './principal.js';
import type { Session } from './session.js';

/** Who a request or a connection belongs to. */
export interface Identity {
  readonly principal: Principal;
  /** Null for an anonymous visitor without a session. */
  readonly session: Session | null;
}

/**
 * What a command's handler, guards, pipes, interceptors and filters see as their client
 * (`context.switchToWs().getClient()`), the same on both transports.
 */
export interface RealtimeClient extends Identity {
  readonly transport: 'socket.io' | 'sse';
  /** The connection that the command is about; null for one that came over HTTP without naming any. */
  readonly connection: string | null;
  /** The HTTP request that carried the command, or the handshake's. */
  readonly request: IncomingMessage;
}
