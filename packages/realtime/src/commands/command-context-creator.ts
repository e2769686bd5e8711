import { ExternalContextCreator } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { isObservable, lastValueFrom } from 'rxjs';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { CommandHost } from './command-host.js';
import { commandParams, DEFAULT_PARAMS, type ParamsFactory } from './command-params.js';
import { filteredError } from './filter-reply.js';

type ContextId = NonNullable<Parameters<ExternalContextCreator['create']>[5]>;
type Metadata = ReturnType<ExternalContextCreator['getMetadata']>;

/** Calls a host's method with `[client, data, pattern]`; rejects with what a filter made of an exception, or else with the exception. */
export type CommandCall = (...args: unknown[]) => Promise<unknown>;

/**
 * Nest's own way to run a method through guards, pipes, interceptors and filters, bent for one host in three places:
 *
 * - it is told the host's module. By itself it finds none for a controller, and then drops its enhancers without a word;
 * - it does not ask the filters itself, for what handles the rest logs every exception as an error of the server;
 * - an Observable that ends without a value is no error.
 */
export class CommandContextCreator extends ExternalContextCreator {
  constructor(
    shared: ExternalContextCreator,
    private readonly host: CommandHost,
  ) {
    // The parts are private, and the same in Nest 11 and 12; there is no other way to get at the container's own.
    super(
      shared['guardsContextCreator'],
      shared['guardsConsumer'],
      shared['interceptorsContextCreator'],
      shared['interceptorsConsumer'],
      shared['modulesContainer'],
      shared['pipesContextCreator'],
      shared['pipesConsumer'],
      shared['filtersContextCreator'],
    );
  }

  /** The method, ready to be called; `contextId` is left out where the instance serves every command. */
  bind(instance: object, contextId?: ContextId): CommandCall {
    const { wrapper, methodName, module } = this.host;
    const callback = (instance as Record<string, CommandCall>)[methodName]!;
    const enhancers = { guards: true, interceptors: true, filters: false };
    const target = this.create(
      instance,
      callback,
      methodName,
      ROUTE_ARGS_METADATA,
      commandParams,
      contextId,
      wrapper.id,
      enhancers,
      'ws',
    );
    const filters = this['filtersContextCreator'].create(
      instance,
      callback,
      module.token,
      contextId,
      wrapper.id,
    );
    return async (...args) => {
      try {
        return await target(...args);
      } catch (error) {
        const host = new ExecutionContextHost(args, this.host.type, callback);
        host.setType('ws');
        throw await filteredError(error, () => filters.invokeCustomFilters(error, host));
      }
    };
  }

  override getContextModuleKey(): string {
    return this.host.module.token;
  }

  override getMetadata<TMetadata, TContext extends string>(
    instance: object,
    methodName: string,
    metadataKey?: string,
    paramsFactory?: ParamsFactory,
    contextType?: TContext,
  ): Metadata {
    const found = super.getMetadata<TMetadata, TContext>(
      instance,
      methodName,
      metadataKey,
      paramsFactory,
      contextType,
    );
    if (found.argsLength > 0) return found;
    return {
      ...found,
      argsLength: Object.keys(DEFAULT_PARAMS).length,
      getParamsMetadata: (moduleKey, contextId, inquirerId) =>
        this.exchangeKeysForValues(
          Object.keys(DEFAULT_PARAMS),
          DEFAULT_PARAMS,
          moduleKey,
          commandParams,
          contextId,
          inquirerId,
        ),
    };
  }

  override async transformToResult(result: unknown): Promise<unknown> {
    return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
  }
}
