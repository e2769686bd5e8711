import type { Principal } from '../sessions/principal.js';

/** A session as it is stored. Times are milliseconds since 1970. */
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

/** A stream's ticket as it is stored: what it opens, for whom, until when. */
export interface StoredTicket {
  readonly principal: Principal;
  readonly sid: string | null;
  readonly channels: readonly string[];
  readonly expiresAt: number;
}

/** Sessions and tickets. Records vanish by themselves once their time has passed. Every method is one round trip. */
export interface SessionStore {
  /** Stores a session; false where the `sid` is taken. */
  create(session: StoredSession): Promise<boolean>;
  find(sid: string): Promise<StoredSession | undefined>;
  findBySecretHash(secretHash: string): Promise<StoredSession | undefined>;
  /** Changes a session where its secret's hash is still `ifSecretHash` (compare-and-set); false where it is not, or is gone. */
  update(sid: string, ifSecretHash: string, changes: Partial<Omit<StoredSession, 'sid' | 'createdAt'>>): Promise<boolean>;
  /** The sids of a user's sessions that live, revoked ones not among them. */
  listByUser(userId: string): Promise<string[]>;
  putTicket(ticketHash: string, ticket: StoredTicket): Promise<void>;
  findTicket(ticketHash: string): Promise<StoredTicket | undefined>;
}
