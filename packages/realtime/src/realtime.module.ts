import {
  type DynamicModule,
  Inject,
  type MiddlewareConsumer,
  Module,
  type ModuleMetadata,
  type NestModule,
  type Type,
} from '@nestjs/common';
import { ApplicationConfig, DiscoveryModule, ModuleRef } from '@nestjs/core';
import { BackendLifecycle } from './backend/backend-lifecycle.js';
import { RealtimeBroadcaster } from './channels/broadcaster.js';
import { ChannelCommands } from './channels/channel.commands.js';
import { Connections } from './channels/connections.js';
import { Drain } from './channels/drain.js';
import { Interruptions } from './channels/interruptions.js';
import { Hub } from './channels/hub.js';
import type { ChannelPolicy, DocumentPolicy } from './channels/policy.js';
import { PolicyRegistry } from './channels/policy-registry.js';
import { RemoteRenewals } from './channels/remote-renewals.service.js';
import { COMMAND_EXPORTS, COMMAND_PROVIDERS } from './commands/command.providers.js';
import { LIMIT_PROVIDERS } from './limits/limit.providers.js';
import { OBSERVABILITY_EXPORTS, OBSERVABILITY_PROVIDERS } from './observability/observability.providers.js';
import { resolveOptions } from './realtime.defaults.js';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './realtime.module-definition.js';
import type { RealtimeModuleOptions, ResolvedOptions } from './realtime.options.js';
import { REALTIME_BACKEND, REALTIME_BASE_PATH, REALTIME_OPTIONS } from './realtime.tokens.js';
import { SESSION_EXPORTS, SESSION_PROVIDERS } from './sessions/session.providers.js';
import { STATE_EXPORTS, STATE_PROVIDERS } from './state/state.providers.js';
import { BodyErrors } from './transports/http/body-errors.js';
import { HttpHeadersMiddleware } from './transports/http/http-headers.middleware.js';
import { ExpressResponses } from './transports/http/express-responses.js';
import { RequestTimeouts } from './transports/http/request-timeouts.js';
import { Origins } from './transports/http/origins.js';
import { RealtimeIoAdapter } from './transports/socket-io/realtime-io.adapter.js';
import { SessionCommands } from './transports/session.commands.js';
import { SseStreams } from './transports/sse/sse-streams.service.js';

/** Brings the policies of a feature's channels and documents; made by {@link RealtimeModule.forFeature}. */
@Module({})
class RealtimeFeatureModule {}

const OPTIONS_PROVIDER = {
  provide: REALTIME_OPTIONS,
  useFactory: (options: RealtimeModuleOptions) => resolveOptions(options),
  inject: [MODULE_OPTIONS_TOKEN],
};

const BACKEND_PROVIDER = {
  provide: REALTIME_BACKEND,
  useFactory: async ({ backend, stateSink }: ResolvedOptions) => {
    await backend.start();
    await stateSink?.start?.();
    return backend;
  },
  inject: [REALTIME_OPTIONS],
};

/** Nest asks for the adapter once all providers are there; one that the application sets later takes its place. */
const ADAPTER_PROVIDER = {
  provide: RealtimeIoAdapter,
  useFactory: (config: ApplicationConfig, moduleRef: ModuleRef) => {
    const adapter = new RealtimeIoAdapter(moduleRef);
    config.setIoAdapter(adapter);
    return adapter;
  },
  inject: [ApplicationConfig, ModuleRef, REALTIME_BACKEND],
};

const EXPORTS = [
  RealtimeBroadcaster,
  REALTIME_OPTIONS,
  REALTIME_BACKEND,
  ...SESSION_EXPORTS,
  ...STATE_EXPORTS,
  ...COMMAND_EXPORTS,
  ...OBSERVABILITY_EXPORTS,
];

/**
 * Realtime for a Nest application: channels that recover, state, sessions and commands, over Socket.IO and SSE.
 *
 * `forRoot(options)` and `forRootAsync({ useFactory | useClass | useExisting })` are for the root module, once;
 * the class of `useClass` has a method `createRealtimeOptions()`. `forFeature([...])` registers policies.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    OPTIONS_PROVIDER,
    BACKEND_PROVIDER,
    ADAPTER_PROVIDER,
    BackendLifecycle,
    PolicyRegistry,
    Hub,
    Connections,
    RemoteRenewals,
    Drain,
    Interruptions,
    RealtimeBroadcaster,
    ChannelCommands,
    SessionCommands,
    SseStreams,
    BodyErrors,
    RequestTimeouts,
    ExpressResponses,
    Origins,
    ...LIMIT_PROVIDERS,
    ...SESSION_PROVIDERS,
    ...STATE_PROVIDERS,
    ...COMMAND_PROVIDERS,
    ...OBSERVABILITY_PROVIDERS,
  ],
  exports: EXPORTS,
})
export class RealtimeModule extends ConfigurableModuleClass implements NestModule {
  constructor(@Inject(REALTIME_BASE_PATH) private readonly basePath: string) {
    super();
  }

  /** Called by Nest. */
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(HttpHeadersMiddleware).forRoutes(`${this.basePath}/{*path}`);
  }

  /** The module for the application's root. */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Registers policies: classes with `@RealtimeChannel` or `@RealtimeDocument`.
   * `imports` are the modules whose providers the policies inject, where these are not global.
   */
  static forFeature(
    policies: Type<ChannelPolicy | DocumentPolicy>[],
    { imports = [] }: Pick<ModuleMetadata, 'imports'> = {},
  ): DynamicModule {
    return { module: RealtimeFeatureModule, imports, providers: policies, exports: policies };
  }
}
