import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { MemorySessionStore } from '../../../src/backend/memory/memory-session-store.js';
import { ErrorReporter } from '../../../src/observability/error-reporter.js';
import type { SessionStore } from '../../../src/backend/session-store.js';
import type { Backend, ResolvedOptions } from '../../../src/realtime.tokens.js';
import type { Authenticator } from '../../../src/sessions/authenticator.js';
import { Counters } from '../../../src/observability/counters.js';
import { HttpAdapterHost } from '@nestjs/core';
import { ClientAddresses } from '../../../src/limits/client-addresses.js';
import { resolveOptions } from '../../../src/realtime.defaults.js';
import { Fingerprints } from '../../../src/sessions/fingerprints.service.js';
import { Admissions } from '../../../src/sessions/admissions.service.js';
import { IdentityService } from '../../../src/sessions/identity.service.js';
import type { Principal } from '../../../src/sessions/principal.js';
import { PlainHttp } from '../../../src/sessions/plain-http.js';
import { ResumeTokens } from '../../../src/sessions/resume-tokens.service.js';
import { SessionBinding } from '../../../src/sessions/session-binding.service.js';
import { SessionRecords } from '../../../src/sessions/session-records.js';
import { RealtimeSessions } from '../../../src/sessions/sessions.service.js';
import { RealtimeTickets } from '../../../src/sessions/tickets.service.js';
import { TokenSessions } from '../../../src/sessions/token-sessions.js';

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

/** The sessions part on its own, with a clock that only the test moves. */
export class World {
  now = 1_800_000_000_000;
  readonly store: SessionStore;
  /** What the store was asked, with its arguments as JSON. */
  readonly calls: { readonly method: string; readonly args: string }[] = [];
  readonly faults: unknown[] = [];
  readonly options: ResolvedOptions;
  readonly sessions: RealtimeSessions;
  readonly tokenSessions: TokenSessions;
  readonly identities: IdentityService;
  readonly tickets: RealtimeTickets;
  readonly resumeTokens: ResumeTokens;
  readonly admissions: Admissions;
  readonly counters = new Counters();

  constructor(
    authenticate: Authenticator = { authenticate: () => null },
    sessions: Partial<ResolvedOptions['sessions']> = {},
  ) {
    const now = () => this.now;
    class ClockedRecords extends SessionRecords {
      override now = now;
    }
    this.store = recorded(new MemorySessionStore(now), this.calls);
    this.options = optionsFor(authenticate, (error) => this.faults.push(error), sessions);
    const addresses = new ClientAddresses(new HttpAdapterHost(), this.options);
    const fingerprints = new Fingerprints(addresses, this.options);
    const backend = { sessions: this.store } as unknown as Backend;
    const records = new ClockedRecords(backend, this.options, fingerprints);
    const errors = new ErrorReporter(this.options);
    this.tokenSessions = new TokenSessions(records);
    this.sessions = new RealtimeSessions(records, errors, this.tokenSessions, this.options);
    const binding = new SessionBinding(records, this.sessions, this.counters, fingerprints, this.options);
    this.identities = new IdentityService(
      records,
      this.tokenSessions,
      binding,
      new PlainHttp(),
      addresses,
      errors,
      this.options,
    );
    this.resumeTokens = new ResumeTokens(records, this.sessions, errors, this.counters, this.options);
    this.admissions = new Admissions(this.identities, this.resumeTokens, this.options);
    this.tickets = new RealtimeTickets(records, this.identities);
  }
}

function recorded(store: SessionStore, calls: World['calls']): SessionStore {
  return new Proxy(store, {
    get:
      (target, method: keyof SessionStore) =>
      (...args: unknown[]) => {
        calls.push({ method, args: JSON.stringify(args) });
        return (target[method] as (...given: unknown[]) => unknown).apply(target, args);
      },
  });
}

/** Options with the sessions part filled in as by default, and a cookie that is for http too. */
export function optionsFor(
  authenticate: Authenticator,
  onError?: (error: unknown) => void,
  sessions: Partial<ResolvedOptions['sessions']> = {},
): ResolvedOptions {
  return {
    limits: resolveOptions({}).limits,
    authenticate,
    sessions: {
      ttlMs: 30 * MINUTE,
      maxAgeMs: 7 * DAY,
      cookieName: 'realtime_session',
      secureCookie: false,
      resumeGraceMs: MINUTE,
      expiryNoticeMs: MINUTE,
      expiryGraceMs: 5_000,
      ...sessions,
    },
    onError,
  } as ResolvedOptions;
}

/** How often the store was asked for this. */
export function countOf(world: World, method: keyof SessionStore): number {
  return world.calls.filter((call) => call.method === method).length;
}

export function user(userId: string, more: Partial<Principal> = {}): Principal {
  return { userId, roles: [], claims: {}, ...more };
}

export function request(headers: Record<string, string> = {}): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  Object.assign(message.headers, headers);
  return message;
}

export function withCookie(secret: string): IncomingMessage {
  return request({ cookie: `theme=dark; realtime_session=${secret}` });
}

export function response(): ServerResponse {
  return new ServerResponse(request());
}

/** Takes tokens from a list for proof. */
export class KnownTokens implements Authenticator {
  readonly principals = new Map<string, Principal>();

  authenticate({ token }: { token?: string }): Principal | null {
    return token === undefined ? null : (this.principals.get(token) ?? null);
  }
}
