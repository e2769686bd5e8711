import { RealtimeError, type CloseCode } from '@nestwire/protocol';

/** What `details` of an `unauthenticated` error may say. */
export interface RefusalDetails {
  /** The code to close the connection with, where it must not come back as it is. */
  close?: CloseCode;
  /** Of a token: whether a fresh one would do. `binding`: the session is bound to somebody else. */
  reason?: 'expired' | 'invalid' | 'binding';
}

export function unauthenticated(message: string, details?: RefusalDetails, cause?: unknown): RealtimeError {
  return new RealtimeError('unauthenticated', message, { details, cause });
}

export function sessionRevoked(): RealtimeError {
  return unauthenticated('the session was revoked', { close: 'session_revoked' });
}

export function sessionExpired(): RealtimeError {
  return unauthenticated('the session ran out', { close: 'session_expired' });
}

export function tokenExpired(cause?: unknown): RealtimeError {
  return unauthenticated('token expired', { reason: 'expired' }, cause);
}

export function resumeTokenInvalid(): RealtimeError {
  return unauthenticated('resume token not valid', { reason: 'invalid' });
}

/** The token that a connection was opened with has run out meanwhile. */
export function tokenOutlived(): RealtimeError {
  return unauthenticated('token expired', { reason: 'expired', close: 'token_expired' });
}

/** Never says what is wrong with it: that would help only those who forge one. */
export function tokenInvalid(cause?: unknown): RealtimeError {
  return unauthenticated('token not valid', { reason: 'invalid' }, cause);
}
