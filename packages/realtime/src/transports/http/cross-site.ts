import type { IncomingMessage } from 'node:http';

/** Headers that prove who asks. A page of another site cannot send them unless the application's CORS allows it to. */
const PROOFS = ['authorization', 'x-session-id'];

/**
 * False for what a page of another site makes a browser send with the visitor's cookies. Requests without a cookie pass, and so do
 * pages of the same site: other ports and subdomains. `SameSite=Strict` on our cookie says the same; an application's own may not.
 */
export function passesUnlisted({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  if (headers.cookie === undefined || PROOFS.some((name) => headers[name] !== undefined)) return true;
  return !isCrossSite(headers);
}

/** True where the page is of the host that is asked; ports may differ. `null` is the origin of sandboxed and local pages. */
export function isOfTheSameHost({ origin, host }: IncomingMessage['headers']): boolean {
  return origin !== undefined && URL.canParse(origin) && new URL(origin).hostname === hostnameOf(host);
}

/** Browsers that say nothing, on plain http or old, are judged by their `Origin`; without one it is no page's request. */
function isCrossSite(headers: IncomingMessage['headers']): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'cross-site';
  return headers.origin !== undefined && !isOfTheSameHost(headers);
}

function hostnameOf(host: string | undefined): string | undefined {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
