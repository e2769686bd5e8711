import { Inject, Injectable } from '@nestjs/common';
import { RealtimeError } from '@nestwire/protocol';
import type { StoredSession } from '../backend/session-store.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import { REALTIME_OPTIONS, type ResolvedOptions } from '../realtime.tokens.js';
import type { Principal } from './principal.js';
import { appendSetCookie, rawRequest, type AnyRequest, type AnyResponse } from './raw-http.js';
import { clearedCookie, sessionCookie } from './session-cookie.js';
import { isOpen, SessionRecords, toSession, type SessionInit } from './session-records.js';
import { hashSecret, newSecret, newSid, presentedSecret } from './session-secret.js';
import type { Session } from './session.js';
import { TokenSessions } from './token-sessions.js';

/** How often a revocation is tried against rotations that come in between. */
const REVOKE_ATTEMPTS = 5;

/** A session that was just made, with its secret. */
export interface CreatedSession {
  readonly session: Session;
  /** For the cookie or the `X-Session-Id` header, and for nothing else: it is stored nowhere and cannot be had again. */
  readonly secret: string;
  /** When the session ends at the latest, milliseconds since 1970. */
  readonly endsAt: number;
}

/** Receives the `sid`; what it returns is awaited. */
export type SessionListener = (sid: string) => void | Promise<void>;

/**
 * Sessions: who has signed in, on which browsers and devices, and for how long.
 *
 * A session ends `sessions.ttlMs` after its last use, `sessions.maxAgeMs` after its last sign-in, or with its principal's
 * `expiresAt`, whichever comes first. Only the SHA-256 of its secret is stored. Every method rejects with `unavailable`
 * where the backend cannot be reached.
 */
@Injectable()
export class RealtimeSessions {
  private readonly options: ResolvedOptions['sessions'];
  private readonly revoked = new Set<SessionListener>();
  private readonly rotated = new Set<SessionListener>();

  constructor(
    private readonly records: SessionRecords,
    private readonly errors: ErrorReporter,
    private readonly tokens: TokenSessions,
    @Inject(REALTIME_OPTIONS) options: ResolvedOptions,
  ) {
    this.options = options.sessions;
  }

  /**
   * Makes a session, anonymous unless a principal is given.
   * @throws RealtimeError `bad_request` where its user id or a role does not fit into a channel's name.
   */
  async create(init: SessionInit = {}): Promise<CreatedSession> {
    const secret = newSecret();
    const stored = this.records.draft(newSid(), hashSecret(secret), init);
    if (!(await this.records.store.create(stored)))
      throw new RealtimeError('internal', 'a random id was not unique');
    return { session: toSession(stored), secret, endsAt: stored.endsAt };
  }

  /** The session; undefined where there is none, it has ended, or was revoked. This is not a use of it. */
  async get(sid: string): Promise<Session | undefined> {
    const stored = await this.records.find({ sid });
    return isOpen(stored) ? toSession(stored) : undefined;
  }

  /** As {@link get}. */
  async findBySecret(secret: string): Promise<Session | undefined> {
    const stored = await this.records.find({ secret });
    return isOpen(stored) ? toSession(stored) : undefined;
  }

  /** Counts as a use of the session and moves its end; undefined as in {@link get}. Cheap: it is seldom written. */
  async touch(sid: string): Promise<Session | undefined> {
    const session = await this.records.use({ sid });
    return session === 'revoked' ? undefined : session;
  }

  /**
   * Gives the session a new secret, and with it a new principal or new data. Its `sid` stays, the old secret is dead.
   * @throws RealtimeError `not_found` where it has ended or was revoked, `conflict` where another rotation came first.
   */
  async rotate(target: string | Session, init: SessionInit = {}): Promise<CreatedSession> {
    const stored = await this.records.find({ sid: typeof target === 'string' ? target : target.sid });
    if (!isOpen(stored)) throw new RealtimeError('not_found', 'there is no such session');
    const rotated = await this.renew(stored, init);
    if (rotated === undefined) throw new RealtimeError('conflict', 'the session was changed meanwhile');
    return rotated;
  }

  /**
   * Ends the session for good: its secret, and a token that it was derived from, are refused from then on. Resolved when
   * the listeners have heard of it; rejects where one of them fails, and may then be called again. True where this call
   * ended it, false where there was none or it was revoked before.
   */
  async revoke(sid: string): Promise<boolean> {
    for (let attempt = 0; attempt < REVOKE_ATTEMPTS; attempt += 1) {
      const stored = await this.records.find({ sid });
      if (stored === undefined) return false;
      const buried = isOpen(stored) && (await this.records.bury(stored));
      if (isOpen(stored) && !buried) continue;
      await Promise.all([...this.revoked].map(async (listener) => listener(sid)));
      return buried;
    }
    throw new RealtimeError('unavailable', 'the session kept changing and was not revoked');
  }

  /**
   * Revokes the session of a bearer token, told by its user and its claims: `iss`, and `sid` or else `jti`, as the token has them. A token
   * that was never used is refused from its first use on. True where this call ended it.
   * @throws RealtimeError `bad_request` where the claims have neither `sid` nor `jti`.
   */
  async revokeToken(principal: Pick<Principal, 'userId' | 'claims'>): Promise<boolean> {
    const { sid, isNew } = await this.tokens.ban(principal);
    return isNew || this.revoke(sid);
  }

  /** Revokes every session of a user; answers how many that were. One that begins meanwhile may not be among them. */
  async revokeAll(userId: string): Promise<number> {
    const sids = await this.records.store.listByUser(userId);
    const outcomes = await Promise.all(sids.map((sid) => this.revoke(sid)));
    return outcomes.filter(Boolean).length;
  }

  /** The sessions of a user that live, oldest first. */
  async list(userId: string): Promise<Session[]> {
    const sids = await this.records.store.listByUser(userId);
    const sessions = await Promise.all(sids.map((sid) => this.get(sid)));
    return sessions.filter((session) => session !== undefined).sort((a, b) => a.createdAt - b.createdAt);
  }

  /** Hears of the sessions that this process revokes. Returns what ends it. */
  onRevoked(listener: SessionListener): () => void {
    this.revoked.add(listener);
    return () => void this.revoked.delete(listener);
  }

  /**
   * Hears of the sessions that this process rotates: whoever opened a connection with the old secret need not be who
   * holds the new one, so its connections have to be opened anew. Returns what ends it.
   */
  onRotated(listener: SessionListener): () => void {
    this.rotated.add(listener);
    return () => void this.rotated.delete(listener);
  }

  /** Sets the session's cookie, for as long as the session may live. */
  issue(response: AnyResponse, { secret, endsAt }: CreatedSession): void {
    appendSetCookie(response, sessionCookie(this.options, secret, endsAt - this.records.now()));
  }

  /** Takes the session's cookie away. The session itself lives on: see {@link revoke}. */
  clear(response: AnyResponse): void {
    appendSetCookie(response, clearedCookie(this.options));
  }

  /**
   * Signs somebody in and sets the cookie. The request's own session is rotated, so that a secret which somebody else
   * had planted is worth nothing afterwards; its data stays unless other data is given. Where there is none a new one is
   * made, and where it is another user's, that one is revoked first.
   */
  async signIn(
    request: AnyRequest,
    response: AnyResponse,
    principal: Principal,
    data?: SessionInit['data'],
  ): Promise<CreatedSession> {
    const init = { principal, request, ...(data && { data }) };
    const current = await this.ownSession(request, principal);
    const signedIn = (current && (await this.renew(current, init))) ?? (await this.create(init));
    this.issue(response, signedIn);
    return signedIn;
  }

  private async ownSession(request: AnyRequest, principal: Principal): Promise<StoredSession | undefined> {
    const presented = presentedSecret(rawRequest(request), this.options.cookieName);
    const stored = presented && (await this.records.find(presented));
    if (!isOpen(stored)) return undefined;
    const { userId } = stored.principal;
    if (userId === undefined || userId === principal.userId) return stored;
    await this.revoke(stored.sid);
    return undefined;
  }

  private async renew(stored: StoredSession, init: SessionInit): Promise<CreatedSession | undefined> {
    const secret = newSecret();
    const renewed = await this.records.replaceSecret(stored, hashSecret(secret), init);
    if (renewed === undefined) return undefined;
    const outcomes = await Promise.allSettled(
      [...this.rotated].map(async (listener) => listener(stored.sid)),
    );
    for (const outcome of outcomes) {
      // The old secret is dead already: the caller must get the new one.
      if (outcome.status === 'rejected') this.errors.report(outcome.reason, { during: 'connection' });
    }
    return { session: toSession(renewed), secret, endsAt: renewed.endsAt };
  }
}
