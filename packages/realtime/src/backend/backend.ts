import type { CommandStore } from './command-store.js';
import type { DocumentStore } from './document-store.js';
import type { EventLog } from './event-log.js';
import type { LimitStore } from './limit-store.js';
import type { NodeDirectory } from './node-directory.js';
import type { SessionStore } from './session-store.js';

/** What Socket.IO's `server.adapter()` takes; untyped here, so that backends need not know Socket.IO. */
export type SocketIoAdapter = (namespace: unknown) => unknown;

/** Whether a backend can be reached. */
export type Availability = 'available' | 'unavailable';

/** Everything that nodes share, behind one port per concern. Each port's comment is its contract. */
export interface Backend {
  /** For logs and health: `memory`, `redis`. */
  readonly name: string;
  /** True where several processes may share it. */
  readonly shared: boolean;
  readonly log: EventLog;
  readonly documents: DocumentStore;
  readonly sessions: SessionStore;
  readonly commands: CommandStore;
  readonly limits: LimitStore;
  /** The nodes that share it. Left out: this node is the only one. */
  readonly nodes?: NodeDirectory;
  /**
   * Makes the Socket.IO adapter that spans all nodes, for the application's own gateways. Left out: Socket.IO's own, for one process.
   * A function for `server.adapter()`.
   */
  readonly socketIoAdapter?: SocketIoAdapter;
  /** Hears when it goes away and when it is back. Returns what ends it. */
  onAvailability(listener: (availability: Availability) => void): () => void;
  /** Hears that entries may not have been handed over, and that following goes on now: their logs should be looked at. */
  onInterrupted(listener: () => void): () => void;
  /** Called once before the first use; rejects where the backend cannot be reached. */
  start(): Promise<void>;
  /** Called once after the last use; frees connections and timers. */
  stop(): Promise<void>;
}
