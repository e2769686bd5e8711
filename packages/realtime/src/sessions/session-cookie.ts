import { stringifySetCookie } from 'cookie';
import type { SessionOptions } from '../realtime.options.js';

type CookieOptions = Required<Pick<SessionOptions, 'cookieName' | 'secureCookie'>>;

/** `Set-Cookie` with a session's secret, out of reach of scripts and other sites. `maxAgeMs` is rounded down to seconds. */
export function sessionCookie(options: CookieOptions, secret: string, maxAgeMs: number): string {
  return stringifySetCookie({
    name: options.cookieName,
    value: secret,
    httpOnly: true,
    sameSite: 'strict',
    path: '/',
    secure: options.secureCookie,
    maxAge: Math.max(0, Math.floor(maxAgeMs / 1000)),
  });
}

/** `Set-Cookie` that takes the cookie away. */
export function clearedCookie(options: CookieOptions): string {
  return sessionCookie(options, '', 0);
}
