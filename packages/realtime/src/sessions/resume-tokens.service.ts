import { randomBytes } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counters } from '../observability/counters.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import { REALTIME_OPTIONS, type ResolvedOptions } from '../realtime.tokens.js';
import { sessionRevoked } from './refusals.js';
import { isOpen, secretHashOf, SessionRecords } from './session-records.js';
import { hashSecret, newSecret } from './session-secret.js';
import type { Session } from './session.js';
import { RealtimeSessions } from './sessions.service.js';

/** The id of a chain, 128 random bits, and a secret of 256. */
const TOKEN = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

/** What one connection's client may come back with. */
export interface Resumption {
  readonly chain: string;
  /** Good for whoever holds it: for the client alone, and never for a URL. */
  readonly token: string;
}

/** Whose a resume token is, and what its client comes back with the next time. */
export interface Redeemed {
  readonly sid: string;
  readonly resumption: Resumption;
}

/**
 * Resume tokens: what a client without cookies comes back with. Each is used once, and another is handed out for it; it stays good until
 * that is used, for an answer may be lost. One that is used after its successor was is known to two, one of whom has stolen it: the
 * session is revoked. Only hashes are stored, and tokens die with the session's secret.
 */
@Injectable()
export class ResumeTokens {
  private readonly logger = new Logger('Nestwire');
  private readonly options: ResolvedOptions['sessions'];

  constructor(
    private readonly records: SessionRecords,
    private readonly sessions: RealtimeSessions,
    private readonly errors: ErrorReporter,
    private readonly counters: Counters,
    @Inject(REALTIME_OPTIONS) options: ResolvedOptions,
  ) {
    this.options = options.sessions;
  }

  /** The first token of a new connection; undefined where none are handed out. */
  async begin(session: Session): Promise<Resumption | undefined> {
    const secretHash = secretHashOf(session);
    if (this.options.resumeGraceMs === 0 || secretHash === undefined) return undefined;
    const chain = randomBytes(16).toString('base64url');
    const secret = newSecret();
    const tokenHash = hashSecret(secret);
    const { sid } = session;
    await this.records.store.putResumption(chain, {
      sid,
      secretHash,
      tokenHash,
      expiresAt: this.heldUntil(),
    });
    return { chain, token: `${chain}.${secret}` };
  }

  /**
   * Uses a token. Undefined where it is none, its time is up, or its session has ended or got a new secret since.
   * @throws RealtimeError `unauthenticated` where it was used up before: the session is revoked.
   */
  async redeem(text: string): Promise<Redeemed | undefined> {
    const [, chain, secret] = TOKEN.exec(text) ?? [];
    if (chain === undefined || secret === undefined) return this.refuse();
    const next = newSecret();
    const until = this.heldUntil();
    const resumed = await this.records.store.resume(chain, hashSecret(secret), hashSecret(next), until);
    if (resumed === undefined) return this.refuse();
    const { sid } = resumed;
    const stored = await this.records.find({ sid });
    if (isOpen(stored) && stored.secretHash !== resumed.secretHash) return this.refuse();
    if (resumed.isReplay) return this.revoke(sid);
    this.counters.resumptions.resumed += 1;
    return { sid, resumption: { chain, token: `${chain}.${next}` } };
  }

  /** The connection lives on, and so does its token. */
  keep(resumption: Resumption): void {
    this.move(resumption, this.heldUntil());
  }

  /** The connection has ended: its client has the grace to come back in. */
  release(resumption: Resumption): void {
    this.move(resumption, this.records.now() + this.options.resumeGraceMs);
  }

  private move({ chain, token }: Resumption, expiresAt: number): void {
    const tokenHash = hashSecret(token.slice(chain.length + 1));
    this.records.store
      .moveResumption(chain, tokenHash, expiresAt)
      .catch((error: unknown) => this.errors.report(error, { during: 'backend' }));
  }

  /** Whichever of the two came now, both may hold a connection: all of the session's are closed. */
  private async revoke(sid: string): Promise<never> {
    this.counters.resumptions.replayed += 1;
    this.logger.warn(`session ${sid}: a resume token that was used up came again; the session is revoked`);
    await this.sessions.revoke(sid);
    throw sessionRevoked();
  }

  private refuse(): undefined {
    this.counters.resumptions.refused += 1;
    return undefined;
  }

  /** Connections are looked at several times within a session's time to live, and hold their tokens for as long. */
  private heldUntil(): number {
    return this.records.now() + this.options.ttlMs + this.options.resumeGraceMs;
  }
}
