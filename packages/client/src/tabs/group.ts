import { SSE_CONTROL_PREFIX, CONTROL_EVENTS } from '@nestwire/protocol';
import { readToken } from '../connection/token.js';
import type { ResolvedOptions } from '../options.js';
import { isEventStream, readEventStream } from '../transports/event-stream.js';

/** What of a token is another each time that it is drawn for the same user. */
const CHANGING = new Set(['exp', 'iat', 'nbf', 'jti']);

/**
 * The name of the tabs that may share a connection: the same server, in the same way, as the same user. A tab that is signed in as somebody
 * else has a group of its own.
 * @throws Error where the token does not come in time, or the server cannot say whose session it is.
 */
export async function groupOf(options: ResolvedOptions): Promise<string> {
  const { url, basePath, socketIoPath, transport, credentials, headers } = options;
  const token = await tokenInTime(options);
  const identity = token === undefined ? await sessionOf(options) : identityOf(token);
  const text = JSON.stringify([url, basePath, socketIoPath, transport, credentials, headers, identity]);
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `nestwire:${Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Who waits for one for ever would never connect. */
async function tokenInTime({ token, connectTimeoutMs }: ResolvedOptions): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the token did not come')), connectTimeoutMs);
  });
  return Promise.race([readToken(token), late]).finally(() => clearTimeout(timer));
}

/** The claims that stay the same; of a token that is no JWT, the token. */
function identityOf(token: string): string {
  try {
    const payload = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const claims = Object.entries(JSON.parse(atob(payload)) as object).filter(
      ([name]) => !CHANGING.has(name),
    );
    return JSON.stringify(claims.sort(([a], [b]) => (a < b ? -1 : 1)));
  } catch {
    return token;
  }
}

/** The public id of the session that the cookie names, which a page cannot read; null where there is none. */
async function sessionOf({
  url,
  basePath,
  headers,
  credentials,
  connectTimeoutMs,
}: ResolvedOptions): Promise<string | null> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), connectTimeoutMs);
  try {
    const response = await fetch(`${url}${basePath}/sse`, { headers, credentials, signal: enough.signal });
    if (response.status >= 500) throw new Error(`the server answered ${response.status}`);
    if (!isEventStream(response) || response.body === null) return null;
    let sid: string | null | undefined;
    const reading = readEventStream(response.body, {
      onMessage: ({ event, data }) => {
        if (event !== SSE_CONTROL_PREFIX + CONTROL_EVENTS.ready) return;
        ({ sid } = JSON.parse(data) as { sid: string | null });
        enough.abort();
      },
      onRetry: () => undefined,
      onBytes: () => undefined,
    });
    await reading.catch((error: unknown) => {
      if (sid === undefined) throw error;
    });
    return sid ?? null;
  } finally {
    clearTimeout(timer);
  }
}
