import type { Type } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import type { ApplicationConfig, DiscoveryService } from '@nestjs/core';
import { paramsOf, unsupportedParam } from './command-params.js';

/** A controller or provider as Nest keeps it. */
export type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

type Module = NonNullable<InstanceWrapper['host']>;
type Method = (...args: unknown[]) => unknown;

const ENHANCERS = {
  guard: GUARDS_METADATA,
  pipe: PIPES_METADATA,
  interceptor: INTERCEPTORS_METADATA,
  filter: EXCEPTION_FILTERS_METADATA,
} as const;

/** One method of one controller or provider. */
export class CommandHost {
  constructor(
    readonly wrapper: InstanceWrapper,
    readonly methodName: string,
  ) {}

  /** `Orders.claim`: for messages. */
  get name(): string {
    return `${this.type.name}.${this.methodName}`;
  }

  /** As {@link name}, with the module: the same class may be in two. */
  get origin(): string {
    return `${this.name} (${this.module.name})`;
  }

  get type(): Type {
    const { metatype, instance, isNotMetatype } = this.wrapper;
    return (isNotMetatype ? (instance as object).constructor : metatype) as Type;
  }

  get method(): Method {
    return (this.type.prototype as Record<string, Method>)[this.methodName]!;
  }

  get module(): Module {
    const { host } = this.wrapper;
    if (host === undefined) throw new Error(`Nestwire: ${this.name} belongs to no module`);
    return host;
  }

  /** True where every command needs an instance of its own: it, or what it depends on, is request-scoped or transient. */
  get isPerCommand(): boolean {
    return !this.wrapper.isDependencyTreeStatic() || this.wrapper.isTransient;
  }

  /**
   * Refuses what would run otherwise than it reads.
   * @throws Error that names the method, and what to do.
   */
  assertSound(config: ApplicationConfig): void {
    const param = unsupportedParam(paramsOf(this.type, this.methodName));
    if (param !== undefined) {
      throw new Error(
        `Nestwire: parameter ${param} of ${this.name} is nothing that a command has; ` +
          '@MessageBody(), @ConnectedSocket() and decorators made with createParamDecorator are',
      );
    }
    const dropped = this.droppedEnhancer() ?? this.droppedGlobalEnhancer(config);
    if (dropped === undefined) return;
    throw new Error(
      `Nestwire: Nest would not run the ${dropped} for ${this.name}: provide ${this.type.name} under its own class, without a factory`,
    );
  }

  /** Nest drops an enhancer silently where it has not made it for this module, as for hosts under a token of their own in Nest 11. */
  private droppedEnhancer(): string | undefined {
    for (const [kind, key] of Object.entries(ENHANCERS)) {
      const dropped = [this.type, this.method].flatMap((target) =>
        this.unboundIn((Reflect.getMetadata(key, target) ?? []) as unknown[]),
      );
      if (dropped.length > 0) return `${kind} ${dropped[0]}`;
    }
    const pipes = Object.values(paramsOf(this.type, this.methodName)).flatMap((param) =>
      this.unboundIn(param.pipes),
    );
    return pipes.length > 0 ? `pipe ${pipes[0]}` : undefined;
  }

  private unboundIn(enhancers: readonly unknown[]): string[] {
    const classes = enhancers.filter((enhancer): enhancer is Type => typeof enhancer === 'function');
    return classes.filter((type) => !this.module.injectables.has(type)).map((type) => type.name);
  }

  private droppedGlobalEnhancer(config: ApplicationConfig): string | undefined {
    const own = this.wrapper.getEnhancersMetadata() ?? [];
    const scoped = [
      ...config.getGlobalRequestGuards(),
      ...config.getGlobalRequestPipes(),
      ...config.getGlobalRequestInterceptors(),
      ...config.getGlobalRequestFilters(),
    ];
    // By id: the first releases of Nest 11 replace a wrapper by a copy.
    const dropped = scoped.find(({ id }) => !own.some((wrapper) => wrapper.id === id));
    return dropped === undefined ? undefined : `request-scoped ${String(dropped.name)}`;
  }
}
