import type { Backend } from '../backend.js';
import { type Clock, SYSTEM_CLOCK } from '../../clock.js';
import { MemoryChannels } from './memory-channels.js';
import { MemoryCommandStore } from './memory-command-store.js';
import { MemoryDocumentStore } from './memory-document-store.js';
import { MemoryEventLog } from './memory-event-log.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { MemorySessionStore } from './memory-session-store.js';

/**
 * Everything in this process's memory: for development, tests, and applications of one process.
 * Several modules of one process may be given the same one, and are nodes of one suite then.
 */
export function memoryBackend(clock: Clock = SYSTEM_CLOCK): Backend {
  const channels = new MemoryChannels(clock);
  return {
    name: 'memory',
    shared: false,
    log: new MemoryEventLog(channels),
    documents: new MemoryDocumentStore(channels),
    sessions: new MemorySessionStore(() => clock.now()),
    commands: new MemoryCommandStore({}, clock),
    limits: new MemoryLimitStore(clock),
    onAvailability: () => () => undefined,
    onInterrupted: () => () => undefined,
    start: async () => channels.start(),
    stop: async () => channels.stop(),
  };
}
