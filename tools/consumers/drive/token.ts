import { createHmac } from 'node:crypto';

/** What the application is told to trust. */
export const JWT_SECRET = 'a secret of 32 characters, or more';

/** A JWT (HS256) for ten minutes. */
export function tokenFor(userId: string, roles: readonly string[], secret = JWT_SECRET): string {
  const claims = { sub: userId, roles, exp: Math.floor(Date.now() / 1000) + 600 };
  const content = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => base64url(JSON.stringify(part)));
  const signature = createHmac('sha256', secret).update(content.join('.')).digest('base64url');
  return [...content, signature].join('.');
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
