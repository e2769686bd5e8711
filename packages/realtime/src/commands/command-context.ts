import { Injectable } from '@nestjs/common';
import { ContextIdFactory, ExternalContextCreator, ModuleRef } from '@nestjs/core';
import type { IncomingHttpHeaders } from 'node:http';
import type { RealtimeClient } from '../sessions/identity.js';
import { CommandContextCreator } from './command-context-creator.js';
import type { CommandHost } from './command-host.js';

/** What `@Inject(REQUEST)` is for a command, new for each; a `ContextIdStrategy` gets it too. */
export interface CommandRequest {
  readonly client: RealtimeClient;
  readonly command: string;
  readonly data: unknown;
  /** Those of the HTTP request that carried the command, or of the handshake. */
  readonly headers: IncomingHttpHeaders;
}

export type CommandRun = (client: RealtimeClient, data: unknown) => Promise<unknown>;

/**
 * Runs methods of controllers and providers as commands, through the guards, pipes, interceptors and filters that Nest knows for them:
 * global ones, the class's and the method's. The context's type is `ws`, its arguments are `[client, data, command]`.
 */
@Injectable()
export class CommandContext {
  constructor(private readonly shared: ExternalContextCreator) {}

  /** What runs the command. Request-scoped hosts are made anew for each. */
  create(host: CommandHost, command: string): CommandRun {
    const creator = new CommandContextCreator(this.shared, host);
    if (host.isPerCommand)
      return async (client, data) => this.runScoped(creator, host, { client, command, data });
    const call = creator.bind(host.wrapper.instance as object);
    return async (client, data) => call(client, data, command);
  }

  private async runScoped(
    creator: CommandContextCreator,
    { module, wrapper }: CommandHost,
    call: Omit<CommandRequest, 'headers'>,
  ): Promise<unknown> {
    const request: CommandRequest = { ...call, headers: call.client.request.headers };
    const contextId = ContextIdFactory.getByRequest(request);
    const isDurable = wrapper.isDependencyTreeDurable();
    const provided: unknown = isDurable ? contextId.payload : Object.assign(request, contextId.payload);
    this.shared.registerRequestProvider(provided, contextId);
    const moduleRef = module.getProviderByKey<ModuleRef>(ModuleRef).instance;
    const instance = await moduleRef.resolve<object>(wrapper.token as string, contextId, { strict: true });
    return creator.bind(instance, contextId)(call.client, call.data, call.command);
  }
}
