import type { Principal } from '../sessions/principal.js';

/** A session as it is stored; all of it is anything JSON. Times are milliseconds since 1970. */
export interface StoredSession {
  readonly sid: string;
  /** SHA-256 of the secret; the secret itself is stored nowhere. */
  readonly secretHash: string;
  readonly principal: Principal;
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** The sliding end; moved by use, never past `endsAt`. */
  readonly expiresAt: number;
  /** The absolute end. */
  readonly endsAt: number;
  /** Set where it was revoked. The record stays until `endsAt`, so that it is not taken for one that never was. */
  readonly revokedAt?: number;
}

export type SessionChanges = Partial<Omit<StoredSession, 'sid' | 'createdAt'>>;

/** A stream's ticket as it is stored: what it opens, for whom, until when. */
export interface StoredTicket {
  readonly principal: Principal;
  readonly sid: string | null;
  readonly channels: readonly string[];
  readonly expiresAt: number;
}

/**
 * Sessions and tickets. Every method is one round trip, and atomic.
 *
 * - Records vanish by themselves: a session at its `expiresAt`, a revoked one at its `endsAt`, a ticket at its `expiresAt`.
 * - A revoked session is found as before, by its `sid` and its secret's hash, and never changes again.
 * - A session is found by its latest `secretHash` only, and listed for its latest principal only.
 */
export interface SessionStore {
  /** Stores a session; false where the `sid` is taken, by a revoked one too. */
  create(session: StoredSession): Promise<boolean>;
  find(sid: string): Promise<StoredSession | undefined>;
  findBySecretHash(secretHash: string): Promise<StoredSession | undefined>;
  /**
   * Changes a session where its secret's hash is still `ifSecretHash` (compare-and-set); false where it is not, or the
   * session is gone or revoked. A field that `changes` does not name stays.
   */
  update(sid: string, ifSecretHash: string, changes: SessionChanges): Promise<boolean>;
  /** The sids of a user's sessions that live, revoked ones not among them. */
  listByUser(userId: string): Promise<string[]>;
  putTicket(ticketHash: string, ticket: StoredTicket): Promise<void>;
  findTicket(ticketHash: string): Promise<StoredTicket | undefined>;
}
