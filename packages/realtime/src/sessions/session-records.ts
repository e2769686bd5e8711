import { Inject, Injectable } from '@nestjs/common';
import type { SessionChanges, SessionStore, StoredSession } from '../backend/session-store.js';
import {
  REALTIME_BACKEND,
  REALTIME_OPTIONS,
  type Backend,
  type ResolvedOptions,
} from '../realtime.tokens.js';
import { checkPrincipal, frozenPrincipal } from './check-principal.js';
import { Fingerprints } from './fingerprints.service.js';
import { frozenCopy } from './frozen-copy.js';
import { ANONYMOUS, type Principal } from './principal.js';
import { hashSecret, isSecret, isSid } from './session-secret.js';
import type { AnyRequest } from './raw-http.js';
import type { Session } from './session.js';

/** A touch is written at most so often, in milliseconds, and at most ten times per `ttlMs`: reads seldom write. */
const MAX_TOUCH_INTERVAL_MS = 60_000;

/** What a session is made of, or is given at its rotation. What is left out is anonymous and empty, or stays. */
export interface SessionInit {
  principal?: Principal;
  /** Anything JSON. */
  data?: Readonly<Record<string, unknown>>;
  /** The request of whom it is given to, where `sessions.binding` is set. Left out: it is bound to whoever uses it first. */
  request?: AnyRequest;
}

export type SessionKey = { readonly sid: string } | { readonly secret: string };

/** The records of sessions, with the rules of when one ends; the face of them is `RealtimeSessions`. */
@Injectable()
export class SessionRecords {
  readonly store: SessionStore;
  private readonly options: ResolvedOptions['sessions'];

  constructor(
    @Inject(REALTIME_BACKEND) backend: Backend,
    @Inject(REALTIME_OPTIONS) options: ResolvedOptions,
    private readonly fingerprints: Fingerprints,
  ) {
    this.store = backend.sessions;
    this.options = options.sessions;
  }

  /** The clock that sessions, principals and tickets end by on this node, milliseconds since 1970. */
  now(): number {
    return Date.now();
  }

  /** The record of a session that has not ended, revoked ones too. What cannot be a `sid` or a secret never reaches the store. */
  async find(by: SessionKey): Promise<StoredSession | undefined> {
    const stored = await this.read(by);
    const ended = stored === undefined || (isOpen(stored) && stored.expiresAt <= this.now());
    return ended ? undefined : stored;
  }

  /** The session, counted as used. */
  async use(by: SessionKey): Promise<Session | 'revoked' | undefined> {
    const stored = await this.find(by);
    if (stored === undefined) return undefined;
    return isOpen(stored) ? this.slide(stored) : 'revoked';
  }

  /** Moves the session's end after a use; written only once in a while. */
  async slide(stored: StoredSession): Promise<Session> {
    const now = this.now();
    const expiresAt = Math.min(now + this.options.ttlMs, stored.endsAt);
    const interval = Math.min(MAX_TOUCH_INTERVAL_MS, this.options.ttlMs / 10);
    if (now - stored.lastSeenAt < interval || expiresAt <= stored.expiresAt) return toSession(stored);
    const changes = { lastSeenAt: now, expiresAt };
    const moved = await this.store.update(stored.sid, stored.secretHash, changes);
    return toSession(moved ? { ...stored, ...changes } : stored);
  }

  /**
   * A new session's record.
   * @throws RealtimeError as `checkPrincipal` does.
   */
  draft(sid: string, secretHash: string, init: SessionInit): StoredSession {
    const { principal = ANONYMOUS, data = {} } = init;
    const now = this.now();
    const endsAt = this.longestEnd(principal, now);
    return {
      sid,
      secretHash,
      principal: checkPrincipal(principal, now),
      data: frozenCopy(data),
      createdAt: now,
      lastSeenAt: now,
      expiresAt: Math.min(now + this.options.ttlMs, endsAt),
      endsAt,
      ...this.bindingOf(init),
    };
  }

  private bindingOf({ request }: SessionInit): Pick<StoredSession, 'binding'> {
    const binding = request && this.fingerprints.of(request);
    return binding === undefined ? {} : { binding };
  }

  /**
   * Puts another secret in place of the one that the record was read with; undefined where somebody else did so first,
   * or the session has ended. A principal begins the longest life anew.
   */
  async replaceSecret(
    stored: StoredSession,
    hash: string,
    init: SessionInit,
  ): Promise<StoredSession | undefined> {
    const now = this.now();
    const endsAt = init.principal === undefined ? stored.endsAt : this.longestEnd(init.principal, now);
    const changes: SessionChanges = {
      secretHash: hash,
      lastSeenAt: now,
      expiresAt: Math.min(now + this.options.ttlMs, endsAt),
      endsAt,
      ...(init.principal && { principal: checkPrincipal(init.principal, now) }),
      ...(init.data && { data: frozenCopy(init.data) }),
      ...this.bindingOf(init),
    };
    const replaced = await this.store.update(stored.sid, stored.secretHash, changes);
    return replaced ? { ...stored, ...changes } : undefined;
  }

  /**
   * Revokes a session; false where it was changed meanwhile. Its record outlives every token that it may be derived
   * from again, up to `maxAgeMs`.
   */
  bury(stored: StoredSession): Promise<boolean> {
    const now = this.now();
    const changes = { revokedAt: now, endsAt: now + this.options.maxAgeMs };
    return this.store.update(stored.sid, stored.secretHash, changes);
  }

  /** The absolute end of a session that is this principal's from `since` on. */
  longestEnd(principal: Principal, since: number): number {
    return Math.min(since + this.options.maxAgeMs, principal.expiresAt ?? Infinity);
  }

  private async read(by: SessionKey): Promise<StoredSession | undefined> {
    if ('sid' in by) return isSid(by.sid) ? this.store.find(by.sid) : undefined;
    return isSecret(by.secret) ? this.store.findBySecretHash(hashSecret(by.secret)) : undefined;
  }
}

export function isOpen(stored: StoredSession | undefined): stored is StoredSession {
  return stored !== undefined && stored.revokedAt === undefined;
}

/** Which secret a session had when it was read, out of the application's sight. */
const SECRET_HASHES = new WeakMap<Session, string>();

/** What the application sees of a record. */
export function toSession({
  sid,
  secretHash,
  principal,
  data,
  createdAt,
  expiresAt,
}: StoredSession): Session {
  const frozen = { principal: frozenPrincipal(principal), data: Object.freeze(data) };
  const session = Object.freeze({ sid, ...frozen, createdAt, expiresAt });
  SECRET_HASHES.set(session, secretHash);
  return session;
}

/** The hash of the secret that a session had when it was read; undefined for what {@link toSession} has not made. */
export function secretHashOf(session: Session): string | undefined {
  return SECRET_HASHES.get(session);
}
