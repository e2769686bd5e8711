import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RealtimeError } from '@nestwire/protocol';
import type { StoredSession } from '../backend/session-store.js';
import type { Principal } from './principal.js';
import { isOpen, SessionRecords, toSession } from './session-records.js';
import { SID_LENGTH } from './session-secret.js';
import type { Session } from './session.js';

/** A token that lives longer by less than this does not move its session's end, in milliseconds. */
const LEAST_PROLONGATION_MS = 60_000;

/**
 * Sessions of those who bring a bearer token and no session: derived from the token, so that the same token, on any node
 * and connection, is the same session. Tokens that share an OIDC `sid` claim share one across refreshes.
 *
 * Such a session ends with its token, however idle it is meanwhile; with a token that does not say when it ends, it ends
 * like any other. A revoked one stays revoked for `sessions.maxAgeMs`.
 */
@Injectable()
export class TokenSessions {
  constructor(private readonly records: SessionRecords) {}

  /** The token's session, made at its first use. */
  async open(principal: Principal, token: string): Promise<Session | 'revoked'> {
    const sid = tokenSessionId(principal, token);
    const stored = (await this.records.find({ sid })) ?? (await this.begin(sid, principal, token));
    return isOpen(stored) ? this.prolong(stored, principal) : 'revoked';
  }

  /** Lets a session end with its user's fresh token; undefined where it has ended or is not this user's. */
  async renew(sid: string, principal: Principal): Promise<Session | undefined> {
    const stored = await this.records.find({ sid });
    if (!isOpen(stored) || stored.principal.userId !== principal.userId) return undefined;
    return this.prolong(stored, principal);
  }

  /** Revokes the session of a token that was not seen yet; where it was, says which is to be revoked. */
  async ban(principal: Pick<Principal, 'userId' | 'claims'>): Promise<{ sid: string; isNew: boolean }> {
    const sid = tokenSessionId(principal, undefined);
    const now = this.records.now();
    const draft = this.records.draft(sid, digest('banned', sid), { principal: { roles: [], ...principal } });
    const endsAt = this.records.longestEnd(draft.principal, now);
    const isNew = await this.records.store.create({ ...draft, revokedAt: now, expiresAt: endsAt, endsAt });
    return { sid, isNew };
  }

  /** A session that has ended with its token while its connection lived on: the same again, until the fresh token ends. */
  async revive(sid: string, principal: Principal, token: string): Promise<Session | undefined> {
    const stored = await this.begin(sid, principal, token);
    return isOpen(stored) ? toSession(stored) : undefined;
  }

  private async begin(sid: string, principal: Principal, token: string): Promise<StoredSession> {
    const draft = this.records.draft(sid, digest('token secret', token), { principal });
    const stored = principal.expiresAt === undefined ? draft : { ...draft, expiresAt: draft.endsAt };
    const made = await this.records.store.create(stored);
    return made ? stored : ((await this.records.find({ sid })) ?? stored);
  }

  private async prolong(stored: StoredSession, principal: Principal): Promise<Session> {
    const endsAt = this.records.longestEnd(principal, stored.createdAt);
    if (endsAt < stored.endsAt + LEAST_PROLONGATION_MS) return this.records.slide(stored);
    const changes = { principal, lastSeenAt: this.records.now(), expiresAt: endsAt, endsAt };
    const moved = await this.records.store.update(stored.sid, stored.secretHash, changes);
    return toSession(moved ? { ...stored, ...changes } : stored);
  }
}

/** @throws RealtimeError `bad_request` where neither the claims nor a token say which it is. */
function tokenSessionId(
  { userId, claims }: Pick<Principal, 'userId' | 'claims'>,
  token: string | undefined,
): string {
  const claimed = ['sid', 'jti'].map((name) => [name, claims[name]]).find(isClaimed);
  if (claimed === undefined && token === undefined)
    throw new RealtimeError('bad_request', 'a token is told by its claim `sid` or `jti`');
  const [kind, value] = claimed ?? ['token', token];
  return digest('token sid', claims['iss'] ?? null, userId, kind, value).slice(0, SID_LENGTH);
}

function isClaimed([, value]: unknown[]): boolean {
  return typeof value === 'string' && value !== '';
}

/** As JSON the parts cannot run into one another, and none can be mistaken for a session's secret. */
function digest(purpose: string, ...parts: unknown[]): string {
  const text = JSON.stringify([`nestwire ${purpose}`, ...parts]);
  return createHash('sha256').update(text).digest('base64url');
}
