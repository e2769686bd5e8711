import type { IncomingMessage } from 'node:http';
import type { Principal } from './principal.js';

/** What an authenticator may look at. */
export interface AuthenticationRequest {
  readonly transport: 'http' | 'sse' | 'socket.io';
  /** The bearer token of `Authorization`, or Socket.IO's `auth.token`, or that of `realtime.auth`. */
  readonly token?: string;
  /** The HTTP request, or the handshake's. */
  readonly request: IncomingMessage;
}

/** Says who somebody is. An object, so that it can be a provider with dependencies of its own. */
export interface Authenticator {
  /**
   * The principal; null where the request brings no proof at all (an anonymous visitor, or a session's owner).
   * Throws `unauthenticated` where it brings one that does not hold.
   */
  authenticate(request: AuthenticationRequest): Promise<Principal | null> | Principal | null;
}
