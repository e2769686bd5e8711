import { Inject, Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { REALTIME_OPTIONS, type ResolvedOptions } from '../realtime.tokens.js';
import type { Identity } from './identity.js';
import { IdentityService, type IdentityRequest } from './identity.service.js';
import { resumeTokenInvalid } from './refusals.js';
import { type Redeemed, ResumeTokens, type Resumption } from './resume-tokens.service.js';
import { hasSessionCookie } from './session-secret.js';

/** Name of the header that may carry a resume token. */
const RESUME_HEADER = 'x-resume-token';

export interface AdmissionRequest extends IdentityRequest {
  /** What the client handed in to come back with, unchecked. Default: the header `X-Resume-Token`. */
  readonly resumeToken?: unknown;
}

/** Whom a new connection belongs to, and what its client may come back with. */
export interface Admission {
  readonly identity: Identity;
  readonly resumption: Resumption | undefined;
}

/** Lets connections in: by whatever `IdentityService` takes, or by a resume token. */
@Injectable()
export class Admissions {
  constructor(
    private readonly identities: IdentityService,
    private readonly resumeTokens: ResumeTokens,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * A resume token whose time is up is passed over where there is other proof.
   * @throws RealtimeError as `IdentityService.resolve`, and `unauthenticated` where the resume token is not valid.
   */
  async admit({ resumeToken, ...request }: AdmissionRequest): Promise<Admission> {
    const handedIn = resumeToken ?? request.request.headers[RESUME_HEADER];
    const isResuming = handedIn !== undefined && handedIn !== null && handedIn !== '';
    const redeemed = isResuming ? await this.redeem(handedIn) : undefined;
    const identity = await this.identities.resolve(request, redeemed?.sid);
    if (isResuming && identity.session === null) throw resumeTokenInvalid();
    return { identity, resumption: redeemed?.resumption ?? (await this.begin(identity, request.request)) };
  }

  private async redeem(text: unknown): Promise<Redeemed | undefined> {
    if (typeof text !== 'string') throw resumeTokenInvalid();
    return this.resumeTokens.redeem(text);
  }

  /** Nothing that a script could read to who has a cookie that it cannot. */
  private async begin({ session }: Identity, request: IncomingMessage): Promise<Resumption | undefined> {
    if (session === null || hasSessionCookie(request, this.options.sessions.cookieName)) return undefined;
    return this.resumeTokens.begin(session);
  }
}
