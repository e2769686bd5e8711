import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request of Node, or one that wraps it as `raw` (Fastify). Express's is Node's own. */
export type AnyRequest = IncomingMessage | { readonly raw: object };

/** A response of Node or Express, or a reply of Fastify. */
export type AnyResponse = ServerResponse | FastifyLikeReply;

interface FastifyLikeReply {
  readonly raw: object;
  header(name: string, value: string): unknown;
}

/** Node's own request. */
export function rawRequest(request: AnyRequest): IncomingMessage {
  return 'raw' in request && typeof request.raw === 'object'
    ? (request.raw as IncomingMessage)
    : (request as IncomingMessage);
}

/** Gives a client that keeps its session's secret itself the one that it has to send from now on. */
export function setSessionHeader(response: AnyResponse, secret: string): void {
  if ('raw' in response) response.header('X-Session-Id', secret);
  else response.setHeader('X-Session-Id', secret);
}

/** Adds a cookie to those that the response already sets. */
export function appendSetCookie(response: AnyResponse, cookie: string): void {
  // Fastify adds to a `set-cookie` of its own, and would overwrite one that it finds on the raw response.
  if ('raw' in response) response.header('set-cookie', cookie);
  else response.appendHeader('Set-Cookie', cookie);
}
