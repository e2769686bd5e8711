import { Inject, Injectable, Logger } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { StoredSession } from '../backend/session-store.js';
import { Counters } from '../observability/counters.js';
import { REALTIME_OPTIONS, type ResolvedOptions } from '../realtime.tokens.js';
import { Fingerprints } from './fingerprints.service.js';
import { setSessionHeader, type AnyResponse } from './raw-http.js';
import { unauthenticated } from './refusals.js';
import { SessionRecords } from './session-records.js';
import type { PresentedSecret } from './session-secret.js';
import { RealtimeSessions } from './sessions.service.js';

/** How a request brings a session: as the secret itself, and an answer that can carry a new one; or by a ticket or a resume token. */
export interface Presentation {
  readonly request: IncomingMessage;
  readonly response?: AnyResponse | undefined;
  readonly presented?: PresentedSecret | undefined;
}

/** Sees to it that a session is used by whom it is bound to: the option `sessions.binding`. */
@Injectable()
export class SessionBinding {
  private readonly logger = new Logger('Nestwire');
  private readonly options: ResolvedOptions['sessions']['binding'];

  constructor(
    private readonly records: SessionRecords,
    private readonly sessions: RealtimeSessions,
    private readonly counters: Counters,
    private readonly fingerprints: Fingerprints,
    @Inject(REALTIME_OPTIONS) { sessions: { binding } }: ResolvedOptions,
  ) {
    this.options = binding;
  }

  /**
   * The session's record, with another secret where it was rotated. One that was never bound is bound to this request.
   * @throws RealtimeError `unauthenticated` where the request is not from where the session belongs.
   */
  async check(stored: StoredSession, presentation: Presentation): Promise<StoredSession> {
    if (this.options === undefined) return stored;
    const binding = this.fingerprints.of(presentation.request);
    // Both are hashes: how long it takes to compare them says nothing about what they are of.
    if (binding !== undefined && stored.binding === binding) return stored;
    if (binding !== undefined && stored.binding === undefined) return this.bind(stored, binding);
    const { onMismatch } = this.options;
    this.counters.sessionMismatches[onMismatch] += 1;
    this.logger.warn(`session ${stored.sid} was used from elsewhere: ${onMismatch}`);
    if (onMismatch === 'warn') return stored;
    if (onMismatch === 'rotate') return this.rotate(stored, presentation);
    throw elsewhere();
  }

  /** Of two that are first at once the later is bound, and the other is looked at again at its next use. */
  private async bind(stored: StoredSession, binding: string): Promise<StoredSession> {
    await this.records.store.update(stored.sid, stored.secretHash, { binding });
    return { ...stored, binding };
  }

  private async rotate(
    stored: StoredSession,
    { request, response, presented }: Presentation,
  ): Promise<StoredSession> {
    if (response === undefined || presented === undefined) throw elsewhere();
    const rotated = await this.sessions.rotate(stored.sid, { request });
    if (presented.strict) setSessionHeader(response, rotated.secret);
    else this.sessions.issue(response, rotated);
    const fresh = await this.records.find({ sid: stored.sid });
    if (fresh === undefined) throw elsewhere();
    return fresh;
  }
}

/** Says no more than that, so that a thief learns nothing of what it is bound to. */
function elsewhere(): Error {
  return unauthenticated('the session belongs elsewhere', { reason: 'binding' });
}
