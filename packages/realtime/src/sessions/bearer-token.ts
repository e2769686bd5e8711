import type { IncomingMessage } from 'node:http';
import { tokenInvalid } from './refusals.js';

/** Longest token that is looked at, in characters; as long as all headers of a request together may be. */
const MAX_TOKEN_LENGTH = 16_384;

/**
 * The token given, else that of `Authorization: Bearer`; undefined where there is neither.
 * @throws RealtimeError `unauthenticated` where the one given is no text, or too long to be a token.
 */
export function bearerToken(request: IncomingMessage, given?: unknown): string | undefined {
  const header = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const token = given === undefined || given === null || given === '' ? header : given;
  if (token === undefined) return undefined;
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) throw tokenInvalid();
  return token;
}
