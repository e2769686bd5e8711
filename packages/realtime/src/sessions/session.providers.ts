import { Admissions } from './admissions.service.js';
import { IdentityService } from './identity.service.js';
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
  SessionBinding,
  ResumeTokens,
  IdentityService,
  Admissions,
  RealtimeTickets,
  SessionGuard,
];

/** What applications may inject, and what `@UseGuards(SessionGuard)` needs in their modules. */
export const SESSION_EXPORTS = [RealtimeSessions, IdentityService, RealtimeTickets, SessionGuard];
