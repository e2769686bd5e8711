import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { identityOf } from './identity-of.js';

export const ROLES_METADATA = 'nestwire:roles';

/**
 * Whom `SessionGuard` lets pass: principals that hold at least one of these roles. On a class it is for every handler
 * without one of its own. Without the guard it does nothing.
 */
export const Roles = (...roles: [string, ...string[]]) => SetMetadata(ROLES_METADATA, roles);

/**
 * The caller's `Session`: on HTTP routes, `@Realtime` commands and gateways of the application's own. Null for somebody
 * without one; undefined where nobody has asked who it is, such as on a route without `SessionGuard`.
 */
export const CurrentSession = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => identityOf(context)?.session,
);

/** The caller's `Principal`; undefined as in {@link CurrentSession}. */
export const CurrentPrincipal = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => identityOf(context)?.principal,
);
