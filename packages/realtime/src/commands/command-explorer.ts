import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, MetadataScanner } from '@nestjs/core';
import { CommandContext } from './command-context.js';
import { CommandHost, type InstanceWrapper } from './command-host.js';
import { CommandRegistry } from './command-registry.js';
import type { Publication } from './publication.js';
import { realtimeMetadata } from './realtime-metadata.js';

/** What `@EventPattern` leaves on a method; `@nestjs/microservices` need not be installed. */
const PATTERN_HANDLER_METADATA = 'microservices:handler_type';
const EVENT_HANDLER = 2;

/** Keys that say nothing of who calls a method. */
const PASSIVE_KEYS = /^(design:|nestwire:|__(guards|interceptors|pipes|exceptionFilters)__$)/;

/** Finds every method with `@Realtime` once the application's instances are there, before anything can arrive. */
@Injectable()
export class CommandExplorer implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly config: ApplicationConfig,
    private readonly context: CommandContext,
    private readonly registry: CommandRegistry,
  ) {}

  /** @throws Error where a method is set up so that it would not do what it says. */
  onModuleInit(): void {
    for (const wrapper of this.wrappers()) {
      const prototype = prototypeOf(wrapper);
      if (prototype === undefined) continue;
      for (const methodName of this.scanner.getAllMethodNames(prototype))
        this.explore(new CommandHost(wrapper, methodName));
    }
  }

  private explore(host: CommandHost): void {
    const metadata = realtimeMetadata(host.method);
    if (metadata === undefined) return;
    const { command, publication } = metadata;
    if (publication !== undefined) assertPublishes(host, publication, command !== undefined);
    if (command === undefined) return;
    host.assertSound(this.config);
    this.registry.register(
      command.name,
      { run: this.context.create(host, command.name), roles: command.roles },
      host.origin,
    );
  }

  /** Each instance once: a factory or an alias may hand out what Nest has made from its class elsewhere, which comes first. */
  private wrappers(): InstanceWrapper[] {
    const all = [...this.discovery.getControllers(), ...this.discovery.getProviders()].filter(
      (wrapper) => !wrapper.isAlias,
    );
    const seen = new Set<unknown>();
    const made = all.filter((wrapper) => !wrapper.isNotMetatype);
    made.forEach(({ instance }) => seen.add(instance));
    const given = all.filter(
      ({ isNotMetatype, instance }) => isNotMetatype && !seen.has(instance) && seen.add(instance),
    );
    return [...made, ...given];
  }
}

function prototypeOf({ isNotMetatype, metatype, instance }: InstanceWrapper): object | undefined {
  if (!isNotMetatype) return (metatype as { prototype?: object } | null)?.prototype;
  const isObject = typeof instance === 'object' && instance !== null;
  return isObject ? ((Object.getPrototypeOf(instance) as object | null) ?? undefined) : undefined;
}

function assertPublishes({ name, method }: CommandHost, publication: Publication, isCommand: boolean): void {
  if (
    Reflect.getMetadata(PATTERN_HANDLER_METADATA, method) === EVENT_HANDLER &&
    !publication.hasIdempotencyKey
  ) {
    throw new Error(
      `Nestwire: ${name} is an @EventPattern whose result is published, and needs an idempotencyKey: ` +
        'brokers deliver a message again, and each time would be another event',
    );
  }
  const isCalled =
    isCommand || Reflect.getMetadataKeys(method).some((key) => !PASSIVE_KEYS.test(String(key)));
  if (!isCalled) {
    throw new Error(
      `Nestwire: ${name} has @Realtime with a channel, but is no route, message handler or command: nothing would publish its ` +
        'result. Give it a command, or call RealtimeBroadcaster.publish() where it is used',
    );
  }
}
