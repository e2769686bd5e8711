import { ConfigurableModuleBuilder, type DynamicModule } from '@nestjs/common';
import { DEFAULT_BASE_PATH } from '@nestwire/protocol';
import type { RealtimeModuleOptions } from './realtime.options.js';
import { REALTIME_BASE_PATH } from './realtime.tokens.js';
import { transportsAt } from './transports/transports.js';

/** What must be known before any provider is made; given beside the options, in `forRootAsync` outside the factory. */
export interface RealtimeModuleExtras {
  /** Whether every module can inject from this one without importing it. Default true. */
  isGlobal?: boolean;
  /** Base path of all routes, and the Socket.IO namespace. Default `/realtime`. */
  basePath?: string;
}

const EXTRAS: RealtimeModuleExtras = { isGlobal: true, basePath: DEFAULT_BASE_PATH };

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<RealtimeModuleOptions>({ moduleName: 'Realtime' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createRealtimeOptions')
    .setExtras<RealtimeModuleExtras>(EXTRAS, withExtras)
    .build();

function withExtras(definition: DynamicModule, extras: RealtimeModuleExtras): DynamicModule {
  const { isGlobal = true, basePath = DEFAULT_BASE_PATH } = extras;
  const { controllers, gateway } = transportsAt(assertBasePath(basePath));
  const path = { provide: REALTIME_BASE_PATH, useValue: basePath };
  return {
    ...definition,
    global: isGlobal,
    controllers: [...(definition.controllers ?? []), ...controllers],
    providers: [...(definition.providers ?? []), path, gateway],
  };
}

function assertBasePath(basePath: string): string {
  if (typeof basePath === 'string' && /^(\/[A-Za-z0-9._~-]+)+$/.test(basePath)) return basePath;
  throw new Error(
    `Nestwire: option "basePath" is ${JSON.stringify(basePath)}; allowed is a path such as "/realtime"`,
  );
}
