import type { IncomingMessage } from 'node:http';

/** What browsers send by themselves once somebody has signed in with it, to whichever site's page makes the request. */
const SENT_BY_ITSELF = /^(?:basic|digest|negotiate|ntlm)(?: |$)/i;

/**
 * False for what a page of another site makes a browser send with the visitor's cookies, or sign-in by HTTP. Requests with neither pass,
 * and so do pages of the same site: other ports and subdomains. `SameSite=Strict` on our cookie says the same; an application's own may
 * not. A bearer token and a session's header prove who asks: such a page cannot send them unless the application's CORS allows it to.
 */
export function passesUnlisted({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { authorization, cookie } = headers;
  const isSentByItself = SENT_BY_ITSELF.test(authorization ?? '');
  if (headers['x-session-id'] !== undefined || (authorization !== undefined && !isSentByItself)) return true;
  return (cookie === undefined && !isSentByItself) || !isCrossSite(headers);
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
