import { BroadcastQueue } from './broadcast-queue.js';
import { CommandContext } from './command-context.js';
import { CommandDispatcher } from './command-dispatcher.js';
import { CommandExplorer } from './command-explorer.js';
import { CommandRegistry } from './command-registry.js';
import { LoneNode, NodeDirectory } from './node-directory.js';
import { RunOnce } from './run-once.js';

/** What the module provides for commands and `@Realtime`. */
export const COMMAND_PROVIDERS = [
  { provide: NodeDirectory, useClass: LoneNode },
  BroadcastQueue,
  CommandRegistry,
  CommandContext,
  CommandExplorer,
  RunOnce,
  CommandDispatcher,
];

/** What `RealtimePublishInterceptor` needs in the modules of the handlers, besides the broadcaster and the error reporter. */
export const COMMAND_EXPORTS = [BroadcastQueue];
