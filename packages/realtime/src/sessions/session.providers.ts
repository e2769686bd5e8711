import { Admissions } from './admissions.service.js';
import { Fingerprints } from './fingerprints.service.js';
import { IdentityService } from './identity.service.js';
import { OptionalSessionGuard } from './optional-session.guard.js';
import { PlainHttp } from './plain-http.js';
import { ResumeTokens } from './resume-tokens.service.js';
import { SessionBinding } from './session-binding.service.js';
import { SessionRecords } from './session-records.js';
import { SessionGuard } from './session.guard.js';
import { RealtimeSessions } from './sessions.service.js';
import { RealtimeTickets } from './tickets.service.js';
import { TokenSessions } from './token-sessions.js';

/** What the module provides for sessions. */
export const SESSION_PROVIDERS = [
  SessionRecords,
  TokenSessions,
  RealtimeSessions,
  PlainHttp,
  SessionBinding,
  ResumeTokens,
  IdentityService,
  Admissions,
  Fingerprints,
  RealtimeTickets,
  SessionGuard,
  OptionalSessionGuard,
];

/** What applications may inject, and what `@UseGuards(SessionGuard)` needs in their modules. */
export const SESSION_EXPORTS = [
  RealtimeSessions,
  IdentityService,
  RealtimeTickets,
  SessionGuard,
  OptionalSessionGuard,
];
