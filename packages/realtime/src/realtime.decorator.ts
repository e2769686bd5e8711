import { UseInterceptors } from '@nestjs/common';
import { ENTRY_PROVIDER_WATERMARK } from '@nestjs/common/constants.js';
import { isEventName } from '@nestwire/protocol';
import { assertRoles, Publication, type RealtimePublishOptions } from './commands/publication.js';
import { RealtimePublishInterceptor } from './commands/publish.interceptor.js';
import type { AnyResult } from './commands/realtime-context.js';
import { realtimeMetadata, setRealtimeMetadata } from './commands/realtime-metadata.js';

/** How a client runs a handler. */
export interface RealtimeCommandOptions {
  /** The command's name. */
  command: string;
  /** Roles of which the principal must hold one. Default: anybody may, as far as the guards let them. */
  roles?: readonly string[];
}

type None<T> = { [K in keyof T]?: undefined };

/** A published result, a client's command, or a command whose result is published. */
export type RealtimeHandlerOptions<Result = AnyResult> =
  | (RealtimePublishOptions<Result> & None<RealtimeCommandOptions>)
  | (RealtimeCommandOptions & None<RealtimePublishOptions>)
  | (RealtimeCommandOptions & RealtimePublishOptions<Result>);

/**
 * Makes a method of a controller or a provider
 *
 * - with `channel` and `event`: publish its result once it has succeeded, whether it is a route, an `@EventPattern` or a command;
 * - with `command`: a command that clients run, over either transport, through Nest's guards, pipes, interceptors and filters.
 *
 * What is published is the handler's result as the interceptors that stand above it on the same method leave it; those of
 * the class and the global ones come after it.
 * @throws Error where an option is not allowed.
 */
export function Realtime<Result = AnyResult>(options: RealtimeHandlerOptions<Result>): MethodDecorator {
  return (target, key, descriptor) => {
    const method = descriptor?.value;
    const name = `${nameOf(target)}.${String(key)}`;
    if (typeof method !== 'function') throw new Error(`@Realtime on ${name}: only a method can have it`);
    if (typeof target === 'function') throw new Error(`@Realtime on ${name}: a static method cannot have it`);
    if (realtimeMetadata(method) !== undefined) throw new Error(`@Realtime on ${name}: it is there twice`);
    try {
      setRealtimeMetadata(method, { command: commandOf(options), publication: publicationOf(options) });
    } catch (error) {
      throw new Error(`@Realtime on ${name}: ${(error as Error).message}`, { cause: error });
    }
    if (options.channel !== undefined) UseInterceptors(RealtimePublishInterceptor)(target, key, descriptor);
    // Without this, Nest would not make its request-scoped global enhancers for the commands of a provider.
    if (options.command !== undefined)
      Reflect.defineMetadata(ENTRY_PROVIDER_WATERMARK, true, target.constructor);
  };
}

function commandOf({
  command,
  roles,
}: RealtimeHandlerOptions): { name: string; roles?: readonly string[] } | undefined {
  assertRoles('roles', roles);
  if (command === undefined) {
    if (roles !== undefined)
      throw new Error('roles are for a command; who may listen is forRoles, who may call a route its guards');
    return undefined;
  }
  if (!isEventName(command))
    throw new Error(`command is ${JSON.stringify(command)}, which is not the name of a command`);
  return { name: command, roles };
}

function publicationOf(options: RealtimeHandlerOptions): Publication | undefined {
  if (options.channel !== undefined) return new Publication(options);
  const { channel: _, command, roles: __, ...rest } = options;
  const stray = Object.entries(rest).find(([, value]) => value !== undefined);
  if (stray !== undefined) throw new Error(`${stray[0]} needs a channel`);
  if (command === undefined) throw new Error('it needs a channel and an event, a command, or both');
  return undefined;
}

function nameOf(target: object): string {
  return typeof target === 'function' ? target.name : target.constructor.name;
}
