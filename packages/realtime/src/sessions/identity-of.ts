import type { IncomingMessage } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';
import type { Identity, RealtimeClient } from './identity.js';
import { rawRequest, type AnyRequest } from './raw-http.js';

/** Registered, so that two copies of this package in one process mean the same property. */
const IDENTITY = Symbol.for('@nestwire/realtime:identity');

interface Attachable {
  [IDENTITY]?: Identity;
}

/** What is used here of a socket of Socket.IO. */
export interface IdentifiedSocket {
  readonly handshake: { readonly auth?: { readonly token?: unknown } };
  readonly request: IncomingMessage;
  readonly data: { realtime?: Identity };
}

/** Remembers whose a request is, for {@link identityOf}. */
export function attachIdentity(request: AnyRequest, identity: Identity): void {
  (rawRequest(request) as Attachable)[IDENTITY] = identity;
}

export function attachedIdentity(request: AnyRequest): Identity | undefined {
  return (rawRequest(request) as Attachable)[IDENTITY];
}

/**
 * Whom a handler is called for: an HTTP route, a `@Realtime` command, or a Socket.IO gateway of the application's own.
 * Undefined where nobody has found it out yet, such as on a route without `SessionGuard`.
 */
export function identityOf(context: ExecutionContext): Identity | undefined {
  if (context.getType() === 'http') return attachedIdentity(context.switchToHttp().getRequest<AnyRequest>());
  if (context.getType() !== 'ws') return undefined;
  const client: unknown = context.switchToWs().getClient();
  if (isRealtimeClient(client)) return client;
  return isSocket(client) ? client.data.realtime : undefined;
}

export function isRealtimeClient(client: unknown): client is RealtimeClient {
  return isObject(client) && 'principal' in client && 'session' in client && 'connection' in client;
}

export function isSocket(client: unknown): client is IdentifiedSocket {
  return isObject(client) && 'handshake' in client && 'request' in client && 'data' in client;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
