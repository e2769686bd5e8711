import { BroadcastQueue } from './broadcast-queue.js';
import { CommandContext } from './command-context.js';
import { CommandDispatcher } from './command-dispatcher.js';
import { CommandExplorer } from './command-explorer.js';
import { CommandRegistry } from './command-registry.js';
import type { Backend } from '../backend/backend.js';
import { LoneNode, NodeDirectory } from '../backend/node-directory.js';
import { REALTIME_BACKEND } from '../realtime.tokens.js';
import { RunOnce } from './run-once.js';

/** What the module provides for commands and `@Realtime`. */
export const COMMAND_PROVIDERS = [
  {
    provide: NodeDirectory,
    useFactory: ({ nodes }: Backend) => nodes ?? new LoneNode(),
    inject: [REALTIME_BACKEND],
  },
  BroadcastQueue,
  CommandRegistry,
  CommandContext,
  CommandExplorer,
  RunOnce,
  CommandDispatcher,
];

/** What `RealtimePublishInterceptor` needs in the modules of the handlers, besides the broadcaster and the error reporter. */
export const COMMAND_EXPORTS = [BroadcastQueue];
