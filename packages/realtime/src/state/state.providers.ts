import { GuardedState } from './guarded-state.js';
import { StateCommands } from './state.commands.js';
import { RealtimeState } from './state.service.js';

/** What the module provides for documents. */
export const STATE_PROVIDERS = [RealtimeState, GuardedState, StateCommands];

/** What applications may inject. */
export const STATE_EXPORTS = [RealtimeState];
