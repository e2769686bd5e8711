import type { IncomingMessage } from 'node:http';
import { RealtimeError } from '@nestwire/protocol';

/** Headers that prove who asks. A page of another site cannot send them unless the application's CORS allows it to. */
const PROOFS = ['authorization', 'x-session-id'];

/**
 * Refuses what a page of another site makes a browser send with the visitor's cookies. Requests without a cookie pass, and so do
 * pages of the same site: other ports and subdomains. `SameSite=Strict` on our cookie says the same; an application's own may not.
 * @throws RealtimeError `forbidden`.
 */
export function assertNotCrossSite({ headers }: IncomingMessage): void {
  if (headers.cookie === undefined || PROOFS.some((name) => headers[name] !== undefined)) return;
  if (isCrossSite(headers)) throw new RealtimeError('forbidden', 'not from a page of another site');
}

/** Browsers that say nothing, on plain http or old, are judged by their `Origin`; without one it is no page's request. */
function isCrossSite({ origin, host, 'sec-fetch-site': site }: IncomingMessage['headers']): boolean {
  if (site !== undefined) return site === 'cross-site';
  if (origin === undefined) return false;
  // `null` is the origin of sandboxed and local pages.
  return !URL.canParse(origin) || new URL(origin).hostname !== hostnameOf(host);
}

function hostnameOf(host: string | undefined): string | undefined {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
