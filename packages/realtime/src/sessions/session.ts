import type { Principal } from './principal.js';

/** One signed-in visitor; many connections. The secret is not part of it. */
export interface Session {
  /** Public id, stable under rotation: for the wire, names and logs. */
  readonly sid: string;
  readonly principal: Principal;
  /** The application's own. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970; moved by use. */
  readonly expiresAt: number;
}
