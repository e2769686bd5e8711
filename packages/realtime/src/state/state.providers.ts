import { DocumentCommits } from './document-commits.js';
import { DocumentLoader } from './document-loader.js';
import { DocumentUpkeep } from './document-upkeep.js';
import { Documents } from './documents.js';
import { GuardedState } from './guarded-state.js';
import { StateCommands } from './state.commands.js';
import { RealtimeState } from './state.service.js';
import { WriteBehind } from './write-behind.js';

/** What the module provides for documents. */
export const STATE_PROVIDERS = [
  DocumentCommits,
  DocumentLoader,
  Documents,
  DocumentUpkeep,
  RealtimeState,
  GuardedState,
  StateCommands,
  WriteBehind,
];

/** What applications may inject. */
export const STATE_EXPORTS = [RealtimeState];
