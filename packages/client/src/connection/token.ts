import type { TokenSource } from '../options.js';

/** A fresh token is got when a fifth of the old one's life is left, but no more than a minute ahead. */
const AHEAD_SHARE = 0.2;
const MAX_AHEAD_MS = 60_000;
/** `setTimeout` takes no more. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** When to get a fresh token, in milliseconds from now; undefined where it does not say when it ends. */
export function refreshDelayMs(expiresAt: number | undefined, now = Date.now()): number | undefined {
  if (expiresAt === undefined) return undefined;
  const lifeMs = Math.max(0, expiresAt - now);
  return Math.min(lifeMs - Math.min(MAX_AHEAD_MS, lifeMs * AHEAD_SHARE), MAX_DELAY_MS);
}

/** When a JWT says that it ends, milliseconds since 1970. It is not checked: that is the server's part. */
export function expiryOf(token: string | undefined): number | undefined {
  try {
    const payload = token!.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

/** A token that can be got again. */
export function isRenewable(source: TokenSource | undefined): source is Exclude<TokenSource, string> {
  return typeof source === 'function';
}

export async function readToken(source: TokenSource | undefined): Promise<string | undefined> {
  return isRenewable(source) ? source() : source;
}
