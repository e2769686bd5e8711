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
  /** The hash of what it is bound to; left out until that is known. */
  readonly binding?: string;
  /** Set where it was revoked. The record stays until `endsAt`, so that it is not taken for one that never was. */
  readonly revokedAt?: number;
}

/** What may change of a session. */
export type SessionChanges = Partial<Omit<StoredSession, 'sid' | 'createdAt'>>;

/** A stream's ticket as it is stored: what it opens, for whom, until when. */
export interface StoredTicket {
  readonly principal: Principal;
  readonly sid: string | null;
  readonly channels: readonly string[];
  readonly expiresAt: number;
}

/** A chain of resume tokens as it is begun: each token of it is handed out for the one before. Only hashes are stored. */
export interface StoredResumption {
  readonly sid: string;
  /** The session's own, when the chain began. */
  readonly secretHash: string;
  readonly tokenHash: string;
  readonly expiresAt: number;
}

/** Whose chain a token is of, and whether it is one that was used up. */
export interface Resumed {
  readonly sid: string;
  readonly secretHash: string;
  readonly isReplay: boolean;
}

/** So many tokens may have been handed out for one token, of which one was received; beyond them the oldest is used up. */
export const MAX_RESUME_SUCCESSORS = 8;

/**
 * Sessions, tickets, and chains of resume tokens. Every method is one round trip, and atomic.
 *
 * - Records vanish by themselves: a session at its `expiresAt`, a revoked one at its `endsAt`, a ticket and a
 *   chain at its `expiresAt`.
 * - A revoked session is found as before, by its `sid` and its secret's hash, and never changes again.
 * - A session is found by its latest `secretHash` only, and listed for its latest principal only.
 */
export interface SessionStore {
  /** Stores a session; false where the `sid` is taken, by a revoked one too. */
  create(session: StoredSession): Promise<boolean>;
  /** The session of this public id, a revoked one too; undefined where there is none. */
  find(sid: string): Promise<StoredSession | undefined>;
  /** The session of this secret, by its hash; undefined where there is none. */
  findBySecretHash(secretHash: string): Promise<StoredSession | undefined>;
  /**
   * Changes a session where its secret's hash is still `ifSecretHash` (compare-and-set); false where it is not, or the
   * session is gone or revoked. A field that `changes` does not name stays.
   */
  update(sid: string, ifSecretHash: string, changes: SessionChanges): Promise<boolean>;
  /** The sids of a user's sessions that live, revoked ones not among them. */
  listByUser(userId: string): Promise<string[]>;
  /** Stores a ticket until its `expiresAt`. */
  putTicket(ticketHash: string, ticket: StoredTicket): Promise<void>;
  /** The ticket of this hash; undefined where there is none. */
  findTicket(ticketHash: string): Promise<StoredTicket | undefined>;
  /** Begins a chain of resume tokens. */
  putResumption(chain: string, resumption: StoredResumption): Promise<void>;
  /**
   * Uses a token of a chain, and lets a successor follow on it; moves the end of the chain. The token stays good for as long as none of
   * its successors is used, for an answer may be lost. Any other is a replay, which changes nothing. Undefined where there is no such chain.
   */
  resume(
    chain: string,
    tokenHash: string,
    successorHash: string,
    expiresAt: number,
  ): Promise<Resumed | undefined>;
  /** Moves the end of a chain where this token was handed out last; else nothing, for another connection has it now. */
  moveResumption(chain: string, ifTokenHash: string, expiresAt: number): Promise<void>;
}
