import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { toRefusal } from '../channels/refusal.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import { REALTIME_OPTIONS, type ResolvedOptions } from '../realtime.tokens.js';
import type { AuthenticationRequest } from './authenticator.js';
import { bearerToken } from './bearer-token.js';
import { assertLive, checkPrincipal, hasRunOut } from './check-principal.js';
import type { Identity } from './identity.js';
import { PlainHttp } from './plain-http.js';
import { ANONYMOUS, type Principal } from './principal.js';
import { sessionExpired, sessionRevoked, tokenInvalid, tokenOutlived, unauthenticated } from './refusals.js';
import { isOpen, SessionRecords } from './session-records.js';
import { SessionBinding, type Presentation } from './session-binding.service.js';
import { presentedSecret } from './session-secret.js';
import type { StoredSession } from '../backend/session-store.js';
import { type AnyRequest, type AnyResponse, rawRequest } from './raw-http.js';
import { ClientAddresses } from '../limits/client-addresses.js';
import type { Session } from './session.js';
import { within } from '../within.js';
import { TokenSessions } from './token-sessions.js';

/** Of what {@link IdentityService.resolve} says whose it is. */
export interface IdentityRequest {
  /** Node's own request, or the handshake's. */
  readonly request: IncomingMessage;
  readonly transport: AuthenticationRequest['transport'];
  /** What the client handed in as its token, unchecked. Default: that of `Authorization: Bearer`. */
  readonly token?: unknown;
  /** Where a session that `sessions.binding` rotates is given its new secret. Left out: such a request is refused. */
  readonly response?: AnyResponse | undefined;
}

/**
 * Says who a request or a connection belongs to. Its errors are `unauthenticated`, with the code to close with as
 * `details.close` where the client must not come back as it is; `bad_request` where a user id does not fit into a
 * channel's name; `unavailable` where the backend or the authenticator cannot say now.
 */
@Injectable()
export class IdentityService {
  constructor(
    private readonly records: SessionRecords,
    private readonly tokenSessions: TokenSessions,
    private readonly binding: SessionBinding,
    private readonly plainHttp: PlainHttp,
    private readonly addresses: ClientAddresses,
    private readonly errors: ErrorReporter,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * - Cookie and header may both bring the session; they must not disagree. A cookie that stands for no session is passed
   *   over, a header that does is refused, and a revoked session is refused either way.
   * - What the authenticator says goes before what the session says, but must not be another user than the session's. An
   *   anonymous session stays anonymous: only `RealtimeSessions.signIn` changes whose it is.
   * - A user's token without a session has a session of its own: see `TokenSessions`.
   *
   * `resumed` is the `sid` of a session that the client has proven to hold otherwise.
   */
  async resolve(
    { request, transport, token, response }: IdentityRequest,
    resumed?: string,
  ): Promise<Identity> {
    const bearer = bearerToken(request, token);
    const proven = await this.prove({ request, transport, ...(bearer !== undefined && { token: bearer }) });
    const session =
      (await this.presentedSession({ request, response }, resumed)) ??
      (await this.tokenSession(proven, bearer));
    const principal = principalOf(proven, session);
    assertLive(principal, this.records.now());
    return Object.freeze({ principal, session });
  }

  /** {@link resolve} for a request as the framework knows it. */
  resolveHttp(request: AnyRequest, response: AnyResponse): Promise<Identity> {
    this.addresses.note(request);
    return this.resolve({ request: rawRequest(request), transport: 'http', response });
  }

  /** Whether the identity still holds, for a connection that outlives its request; counts as a use of its session. */
  recheck({ principal, session }: Identity): Promise<Identity> {
    return this.reopen(principal, session?.sid ?? null);
  }

  /** The identity of a principal and a session as they were written down; `request` is of who brings them, where it may be another. */
  async reopen(principal: Principal, sid: string | null, request?: IncomingMessage): Promise<Identity> {
    if (hasRunOut(principal, this.records.now())) throw tokenOutlived();
    if (sid === null) return Object.freeze({ principal, session: null });
    const stored = await this.records.find({ sid });
    if (stored === undefined) throw sessionExpired();
    const session = await this.open(stored, request && { request });
    assertOwner(session, principal);
    return Object.freeze({ principal, session });
  }

  /**
   * The identity with its user's fresh token, and the same session, which then ends with that token. Also refused where the
   * token is another user's.
   */
  async renew(identity: Identity, { request, transport, token }: IdentityRequest): Promise<Identity> {
    const bearer = bearerToken(request, token);
    const principal = await this.prove({
      request,
      transport,
      ...(bearer !== undefined && { token: bearer }),
    });
    if (principal === null || principal.userId !== identity.principal.userId) throw tokenInvalid();
    const revived = bearer && (await this.revive(identity, principal, bearer));
    if (revived) return Object.freeze({ principal, session: revived });
    const { session } = await this.reopen(principal, identity.session?.sid ?? null);
    const renewed = session && (await this.tokenSessions.renew(session.sid, principal));
    return Object.freeze({ principal, session: renewed ?? session });
  }

  /** Within the grace of a token that has run out its session is over already. */
  private async revive(
    { principal: old, session }: Identity,
    principal: Principal,
    bearer: string,
  ): Promise<Session | undefined> {
    const isOver = session !== null && hasRunOut(old, this.records.now());
    if (!isOver || (await this.records.find({ sid: session.sid })) !== undefined) return undefined;
    return this.tokenSessions.revive(session.sid, principal, bearer);
  }

  private async prove(request: AuthenticationRequest): Promise<Principal | null> {
    try {
      const { decisionTimeoutMs } = this.options.limits;
      const answer = Promise.resolve(this.options.authenticate.authenticate(request));
      const principal = await within(
        decisionTimeoutMs,
        answer,
        () => new Error(`the authenticator has not answered in ${decisionTimeoutMs} ms`),
      );
      return principal && checkPrincipal(principal, this.records.now());
    } catch (error) {
      throw toRefusal(error, (fault) => this.errors.report(fault, { during: 'connection' }));
    }
  }

  private async presentedSession(
    presentation: Pick<Presentation, 'request' | 'response'>,
    resumed: string | undefined,
  ): Promise<Session | null> {
    const presented = presentedSecret(presentation.request, this.options.sessions.cookieName);
    if (presented !== undefined) this.plainHttp.seen(presentation.request);
    const stored = presented && (await this.records.find(presented));
    if (resumed !== undefined) return this.resumedSession(resumed, stored, presentation);
    if (stored === undefined && presented?.strict) throw unauthenticated('there is no such session');
    return stored === undefined ? null : this.open(stored, { ...presentation, presented });
  }

  private async resumedSession(
    sid: string,
    presented: StoredSession | undefined,
    { request }: Pick<Presentation, 'request'>,
  ): Promise<Session> {
    if (presented !== undefined && presented.sid !== sid)
      throw unauthenticated('the session and that of the resume token disagree');
    const stored = await this.records.find({ sid });
    if (stored === undefined) throw sessionExpired();
    return this.open(stored, { request });
  }

  /** Counts as a use; without a presentation by a connection that is open already. */
  private async open(stored: StoredSession, presentation?: Presentation): Promise<Session> {
    if (!isOpen(stored)) throw sessionRevoked();
    const bound = presentation === undefined ? stored : await this.binding.check(stored, presentation);
    return this.records.slide(bound);
  }

  private async tokenSession(
    principal: Principal | null,
    token: string | undefined,
  ): Promise<Session | null> {
    if (principal?.userId === undefined || token === undefined) return null;
    const session = await this.tokenSessions.open(principal, token);
    if (session === 'revoked') throw sessionRevoked();
    return session;
  }
}

function principalOf(proven: Principal | null, session: Session | null): Principal {
  if (session === null) return proven ?? ANONYMOUS;
  const owner = session.principal;
  if (proven === null || (proven.userId === undefined && owner.userId !== undefined)) return owner;
  assertOwner(session, proven);
  return proven;
}

function assertOwner(session: Session, principal: Principal): void {
  const owner = session.principal.userId;
  if (owner !== undefined && owner !== principal.userId)
    throw unauthenticated('the session is not this user’s');
}
