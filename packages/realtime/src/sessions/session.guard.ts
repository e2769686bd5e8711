import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { WsException } from '@nestjs/websockets';
import { RealtimeError } from '@nestwire/protocol';
import { Counters } from '../observability/counters.js';
import { assertLive } from './check-principal.js';
import { toHttpException } from './http-error.js';
import {
  attachedIdentity,
  attachIdentity,
  isRealtimeClient,
  isSocket,
  type IdentifiedSocket,
} from './identity-of.js';
import type { Identity } from './identity.js';
import { IdentityService } from './identity.service.js';
import type { Principal } from './principal.js';
import type { AnyRequest, AnyResponse } from './raw-http.js';
import { unauthenticated } from './refusals.js';
import { ROLES_METADATA } from './session.decorators.js';

/** How long a gateway's socket is taken to be who it was, in milliseconds. */
const RECHECK_INTERVAL_MS = 1_000;

/**
 * Lets pass who has a session or is known to the authenticator, and holds a role of `@Roles` where there is one. For HTTP
 * routes, `@Realtime` commands, and Socket.IO gateways of the application's own; any other kind of handler is refused.
 *
 * Refusals are `unauthenticated` and `forbidden`: an `HttpException` with the usual error as `error` in its body; to a
 * command the `RealtimeError`; to a gateway a `WsException` with its body.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  private readonly checkedAt = new WeakMap<object, number>();

  constructor(
    private readonly identities: IdentityService,
    private readonly reflector: Reflector,
    private readonly counters: Counters,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    try {
      const identity = await this.identify(context);
      this.requireSomebody(identity);
      this.requireRole(identity.principal, context);
      return true;
    } catch (error) {
      throw error instanceof RealtimeError ? this.refusal(context, error) : error;
    }
  }

  /** Commands have a count of their own. */
  private refusal(context: ExecutionContext, error: RealtimeError): Error {
    const exception = exceptionFor(context, error);
    if (exception !== error) this.counters.refusals[error.code] += 1;
    return exception;
  }

  private async identify(context: ExecutionContext): Promise<Identity> {
    if (context.getType() === 'http')
      return this.identifyRequest(context.switchToHttp().getRequest(), context.switchToHttp().getResponse());
    const client: unknown = context.getType() === 'ws' ? context.switchToWs().getClient() : undefined;
    if (isSocket(client)) return this.identifySocket(client);
    if (!isRealtimeClient(client))
      throw unauthenticated('SessionGuard cannot tell who calls this kind of handler');
    assertLive(client.principal, Date.now());
    return client;
  }

  private async identifyRequest(request: AnyRequest, response: AnyResponse): Promise<Identity> {
    const known = attachedIdentity(request);
    if (known !== undefined) return known;
    const identity = await this.identities.resolveHttp(request, response);
    attachIdentity(request, identity);
    return identity;
  }

  /** A socket outlives its handshake: its token may run out and its session be revoked. */
  private async identifySocket(socket: IdentifiedSocket): Promise<Identity> {
    const known = socket.data.realtime;
    const fresh = Date.now() - (this.checkedAt.get(socket) ?? 0) < RECHECK_INTERVAL_MS;
    if (known !== undefined && fresh) return known;
    const identity = await (known === undefined ? this.greet(socket) : this.identities.recheck(known));
    socket.data.realtime = identity;
    this.checkedAt.set(socket, Date.now());
    return identity;
  }

  private greet({ request, handshake }: IdentifiedSocket): Promise<Identity> {
    return this.identities.resolve({ request, transport: 'socket.io', token: handshake.auth?.token });
  }

  /** Refuses who is nobody. */
  protected requireSomebody({ principal, session }: Identity): void {
    if (session === null && principal.userId === undefined)
      throw unauthenticated('a session or a token is needed');
  }

  private requireRole(principal: Principal, context: ExecutionContext): void {
    const targets = [context.getHandler(), context.getClass()];
    const roles = this.reflector.getAllAndOverride<readonly string[] | undefined>(ROLES_METADATA, targets);
    if (roles === undefined || roles.some((role) => principal.roles.includes(role))) return;
    throw new RealtimeError('forbidden', 'none of the roles that this takes');
  }
}

function exceptionFor(context: ExecutionContext, error: RealtimeError): Error {
  if (context.getType() === 'http') return toHttpException(error);
  // Nest answers a gateway's client with the body of a WsException only; any other error is "Internal server error".
  if (context.getType() === 'ws' && isSocket(context.switchToWs().getClient()))
    return new WsException(error.toBody());
  return error;
}
