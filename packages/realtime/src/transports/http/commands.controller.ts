import { Controller, HttpCode, Inject, Post, Req, Res, UseFilters } from '@nestjs/common';
import { COMMANDS, type Reply } from '@nestwire/protocol';
import { type Connection, isConnectionId } from '../../channels/connection.js';
import { Connections } from '../../channels/connections.js';
import { noConnection } from '../../channels/remote-renewals.service.js';
import { CommandDispatcher } from '../../commands/command-dispatcher.js';
import type { ResolvedOptions } from '../../realtime.options.js';
import { REALTIME_OPTIONS } from '../../realtime.tokens.js';
import type { Identity } from '../../sessions/identity.js';
import { IdentityService } from '../../sessions/identity.service.js';
import { type AnyRequest, type AnyResponse, rawRequest } from '../../sessions/raw-http.js';
import { Origins } from './origins.js';
import { ClientAddresses } from '../../limits/client-addresses.js';
import { MessageLimits } from '../../limits/message-limits.js';
import { readJsonBody } from './json-body.js';
import { RouteExceptionFilter } from './route-exception.filter.js';

/**
 * `POST /realtime/commands`: commands of SSE clients. The answer is the reply, whose status is 200 whether it is ok or not;
 * other statuses are for requests that are no commands at all.
 */
@Controller()
@UseFilters(RouteExceptionFilter)
export class CommandsController {
  constructor(
    private readonly dispatcher: CommandDispatcher,
    private readonly identities: IdentityService,
    private readonly origins: Origins,
    private readonly addresses: ClientAddresses,
    private readonly messages: MessageLimits,
    private readonly connections: Connections,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  @Post('commands')
  @HttpCode(200)
  async run(@Req() request: AnyRequest, @Res({ passthrough: true }) response: AnyResponse): Promise<Reply> {
    const raw = rawRequest(request);
    this.addresses.note(request);
    this.origins.assertAllowed(raw);
    const identity = await this.identities.resolve({ request: raw, transport: 'http', response });
    const body = await readJsonBody(request, this.options.limits);
    const { id, connection } = this.connectionOf(body, identity);
    const { principal, session } = identity;
    const client = {
      transport: 'sse',
      connection: id ?? null,
      principal,
      session,
      request: raw,
    } as const;
    const sender = { identity, request: raw, connection };
    await this.messages.command(sender, body);
    const reply = await this.dispatcher.dispatch(client, body);
    if (!reply.ok) await this.messages.failed(reply.error.code, sender);
    return reply;
  }

  /** The connection that the command is about; only its own session's or user's may name it. Another node's may have its token renewed. */
  private connectionOf(body: unknown, identity: Identity): { id?: string; connection?: Connection } {
    const { connection: id, command } = (typeof body === 'object' && body !== null ? body : {}) as {
      connection?: unknown;
      command?: unknown;
    };
    if (id === undefined) return {};
    const connection = typeof id === 'string' ? this.connections.get(id) : undefined;
    if (connection !== undefined && isSame(connection.identity, identity))
      return { id: connection.id, connection };
    const isElsewhere = connection === undefined && isConnectionId(id) && identity.session !== null;
    if (isElsewhere && command === COMMANDS.auth) return { id };
    throw noConnection();
  }
}

function isSame(a: Identity, b: Identity): boolean {
  if (a.session !== null || b.session !== null) return a.session?.sid === b.session?.sid;
  return a.principal.userId === b.principal.userId;
}
