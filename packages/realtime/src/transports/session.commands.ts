import { Injectable, type OnModuleInit } from '@nestjs/common';
import { COMMANDS, RealtimeError } from '@nestwire/protocol';
import { Connections } from '../channels/connections.js';
import { RemoteRenewals } from '../channels/remote-renewals.service.js';
import { CommandRegistry } from '../commands/command-registry.js';
import type { RealtimeClient } from '../sessions/identity.js';
import { IdentityService } from '../sessions/identity.service.js';

/** `realtime.auth`: a fresh token for the connection that the command is about. */
@Injectable()
export class SessionCommands implements OnModuleInit {
  constructor(
    private readonly commands: CommandRegistry,
    private readonly connections: Connections,
    private readonly remote: RemoteRenewals,
    private readonly identities: IdentityService,
  ) {}

  onModuleInit(): void {
    this.commands.register(COMMANDS.auth, {
      recorded: false,
      run: (client, data) => this.renew(client, data),
    });
  }

  /** `{token}`; answers with when it runs out, milliseconds since 1970, or null, and with what to come back with. */
  private async renew(
    client: RealtimeClient,
    data: unknown,
  ): Promise<{ expiresAt: number | null; resumeToken?: string }> {
    const { token } = (typeof data === 'object' && data !== null ? data : {}) as { token?: unknown };
    if (typeof token !== 'string' || token === '')
      throw new RealtimeError('bad_request', 'token: a text is wanted');
    if (client.connection === null)
      throw new RealtimeError('bad_request', 'the command does not say which connection it is about');
    const connection = this.connections.get(client.connection);
    const identity = await this.identities.renew(connection?.identity ?? client, {
      request: client.request,
      transport: client.transport,
      token,
    });
    await (connection?.renew(identity) ?? this.remote.renew(client.connection, identity));
    const resumption = connection?.resumption;
    return {
      expiresAt: identity.principal.expiresAt ?? null,
      ...(resumption && { resumeToken: resumption.token }),
    };
  }
}
