import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { parseCookie } from 'cookie';
import { unauthenticated } from './refusals.js';

/** Name of the header that may carry the secret in place of the cookie. */
const SESSION_HEADER = 'x-session-id';

/** 256 random bits as base64url. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;
/** 128 random bits, or so many of a hash, as base64url. */
const SID = /^[A-Za-z0-9_-]{22}$/;
/** Characters of a `sid`. */
export const SID_LENGTH = 22;

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function newSid(): string {
  return randomBytes(16).toString('base64url');
}

/** True for what may be a secret of a session or a ticket; anything else need not reach the store. */
export function isSecret(text: string): boolean {
  return SECRET.test(text);
}

export function isSid(text: string): boolean {
  return SID.test(text);
}

/**
 * What is stored in place of a secret. Sessions and tickets are looked up by it, so that how long a look-up takes says
 * nothing about any secret, and no comparison needs to run in constant time. Secrets are random enough to need no salt.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** The secret that a request brings. */
export interface PresentedSecret {
  readonly secret: string;
  /** True for the header: whoever sets it means it. A browser sends a stale cookie without being asked. */
  readonly strict: boolean;
}

/** True where a browser brings the cookie, whatever is in it. */
export function hasSessionCookie({ headers }: IncomingMessage, cookieName: string): boolean {
  return parseCookie(headers.cookie ?? '')[cookieName] !== undefined;
}

/** @throws RealtimeError `unauthenticated` where cookie and header disagree, or several cookies. */
export function presentedSecret(request: IncomingMessage, cookieName: string): PresentedSecret | undefined {
  const cookie = cookieOf(request.headers.cookie ?? '', cookieName);
  const header = request.headers[SESSION_HEADER]?.toString();
  if (cookie !== undefined && header !== undefined && cookie !== header) {
    throw unauthenticated('the session of the cookie and that of X-Session-Id disagree');
  }
  const secret = header ?? cookie;
  return secret === undefined ? undefined : { secret, strict: header !== undefined };
}

/** Another host of the same domain can put a cookie of the same name beside ours, and before it: whose session is meant cannot be told. */
function cookieOf(cookies: string, name: string): string | undefined {
  if (cookies.indexOf(name) === cookies.lastIndexOf(name)) return parseCookie(cookies)[name] || undefined;
  const values = new Set(cookies.split(';').map((cookie) => parseCookie(cookie)[name] || undefined));
  values.delete(undefined);
  if (values.size > 1) throw unauthenticated('there are several session cookies, and they disagree');
  return [...values][0];
}
