import { roleChannel, userChannel } from './followed-channels.js';
import type { Principal } from './principal.js';
import { tokenExpired } from './refusals.js';

/**
 * The principal, checked and frozen, its roles and claims too.
 * @throws RealtimeError `unauthenticated` where it has run out, `bad_request` where its user id or a role does not fit
 *   into a channel's name.
 * @throws TypeError where it is no principal: a fault of the authenticator, not of the client.
 */
export function checkPrincipal(principal: Principal, now: number): Principal {
  assertShape(principal);
  if (principal.userId !== undefined) userChannel(principal.userId);
  principal.roles.forEach(roleChannel);
  assertLive(principal, now);
  return frozenPrincipal(principal);
}

/** @throws RealtimeError `unauthenticated` where the principal's proof has run out. */
export function assertLive(principal: Principal, now: number): void {
  if (hasRunOut(principal, now)) throw tokenExpired();
}

export function hasRunOut({ expiresAt }: Principal, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** A copy with nothing but what a principal has, frozen; a frozen one as it is. */
export function frozenPrincipal(principal: Principal): Principal {
  if (Object.isFrozen(principal)) return principal;
  const { userId, roles, claims, expiresAt } = principal;
  return Object.freeze({
    ...(userId === undefined ? {} : { userId }),
    roles: Object.freeze([...roles]),
    claims: Object.freeze({ ...claims }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
}

function assertShape({ userId, roles, claims, expiresAt }: Principal): void {
  const fits =
    (userId === undefined || typeof userId === 'string') &&
    Array.isArray(roles) &&
    roles.every((role) => typeof role === 'string') &&
    typeof claims === 'object' &&
    claims !== null &&
    (expiresAt === undefined || Number.isFinite(expiresAt));
  if (!fits) {
    throw new TypeError(
      'a principal has `roles` (string[]) and `claims` (an object), and may have `userId` (a string) and `expiresAt` (milliseconds)',
    );
  }
}
