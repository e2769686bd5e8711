export { RealtimeModule } from './realtime.module.js';
export type { RealtimeModuleExtras } from './realtime.module-definition.js';
export type * from './realtime.options.js';
export { REALTIME_BACKEND, REALTIME_OPTIONS } from './realtime.tokens.js';
export type { RealtimePublishOptions } from './commands/publication.js';
export type { RealtimeContext } from './commands/realtime-context.js';
export type { CommandRequest } from './commands/command-context.js';
export { NodeDirectory } from './backend/node-directory.js';
export { RealtimeExceptionFilter } from './realtime-exception.filter.js';
export { Realtime, type RealtimeCommandOptions, type RealtimeHandlerOptions } from './realtime.decorator.js';

export type { Availability, Backend, SocketIoAdapter } from './backend/backend.js';
export * from './backend/command-store.js';
export * from './backend/document-store.js';
export * from './backend/limit-store.js';
export * from './backend/event-log.js';
export { memoryBackend } from './backend/memory/memory-backend.js';
export type { Clock } from './clock.js';
export type * from './backend/schedule.js';
export * from './backend/session-store.js';

export {
  RealtimeBroadcaster,
  type Published,
  type PublishOptions,
  type PublishOutcome,
  type PublishRequest,
  type Recipient,
} from './channels/broadcaster.js';
export { RealtimeChannel, RealtimeDocument } from './channels/channel.decorator.js';
export type { ChannelOptions, DocumentOptions, SinkOptions } from './channels/document.options.js';
export type * from './channels/policy.js';

export { type RealtimeHealth, RealtimeHealthIndicator } from './observability/health-indicator.js';
export { RealtimeMetrics } from './observability/metrics.js';

export type { Authenticator, AuthenticationRequest } from './sessions/authenticator.js';
export { roleChannel, sessionChannel, userChannel } from './sessions/followed-channels.js';
export { identityOf } from './sessions/identity-of.js';
export { IdentityService, type IdentityRequest } from './sessions/identity.service.js';
export type { Identity, RealtimeClient } from './sessions/identity.js';
export { ANONYMOUS, type Principal } from './sessions/principal.js';
export type { BindingOptions, Fingerprint } from './sessions/binding.options.js';
export type { JwtKeyOptions } from './sessions/jwt-key.js';
export { jwtAuthenticator, type JwtAuthenticatorOptions } from './sessions/jwt-authenticator.js';
export { CurrentPrincipal, CurrentSession, Roles } from './sessions/session.decorators.js';
export { OptionalSessionGuard } from './sessions/optional-session.guard.js';
export { SessionGuard } from './sessions/session.guard.js';
export type { AnyRequest, AnyResponse } from './sessions/raw-http.js';
export type { SessionInit } from './sessions/session-records.js';
export { RealtimeSessions, type CreatedSession, type SessionListener } from './sessions/sessions.service.js';
export { RealtimeTickets, type Ticket, type TicketGrant } from './sessions/tickets.service.js';
export type { Session } from './sessions/session.js';
export { sessionDocument } from './sessions/session-document.js';
export type { SavedDocument, StateSink } from './state/state-sink.js';
export { RealtimeState, type DocumentPatch, type PatchOutcome } from './state/state.service.js';
export { PreconditionRequiredError } from './state/precondition-required.error.js';
export type { DocumentKey, MergePatchOf, TypedDocuments } from './state/typed-documents.js';
export type { Recipe, UpdateOptions } from './state/update-document.js';
export type { StateSnapshot } from './state/document-snapshot.js';
export type { ConditionalOptions, PatchOptions, PatchResult } from './state/commit-request.js';
export {
  VersionConflictError,
  type CurrentField,
  type VersionConflictDetails,
} from './state/version-conflict.error.js';
export { RealtimeIoAdapter } from './transports/socket-io/realtime-io.adapter.js';

export { RealtimeError } from '@nestwire/protocol';
export type * from '@nestwire/protocol';
