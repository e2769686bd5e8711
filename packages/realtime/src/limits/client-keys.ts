import type { Identity } from '../sessions/identity.js';

/** Whose rates a message counts against: the user's, else the session's, else the address's. */
export function rateKey({ principal, session }: Identity, address: string | undefined): string | undefined {
  if (principal.userId !== undefined) return `user:${principal.userId}`;
  return session === null ? address && `ip:${address}` : `session:${session.sid}`;
}

/** Who is kept away after a fault: as few as can be, so the session before its user, and an address last. */
export function offenderKey(
  { principal, session }: Identity,
  address: string | undefined,
): string | undefined {
  if (session !== null) return `session:${session.sid}`;
  if (principal.userId !== undefined) return `user:${principal.userId}`;
  return address && `ip:${address}`;
}

/** Every key under which the holder of an identity may be kept away. */
export function identityKeys({ principal, session }: Identity): string[] {
  return [
    ...(session === null ? [] : [`session:${session.sid}`]),
    ...(principal.userId === undefined ? [] : [`user:${principal.userId}`]),
  ];
}
