import { callSafely } from './observable.js';

/** One line of the log. */
export interface DebugEntry {
  /** `Date.now()`. */
  readonly time: number;
  /** `connection`, `channel`, `command`, `queue`, `quality`, `tabs`. */
  readonly area: string;
  readonly message: string;
  readonly data?: unknown;
}

/** The last entries that are kept. */
const MAX_ENTRIES = 500;

/** What the client did, for whoever looks for a fault: the last 500 entries, and each as it comes. */
export class DebugLog {
  private readonly kept: DebugEntry[] = [];
  private readonly listeners = new Set<(entry: DebugEntry) => void>();

  /** The oldest first. */
  entries(): readonly DebugEntry[] {
    return [...this.kept];
  }

  /** `client.debug.subscribe(console.debug)` */
  readonly subscribe = (listener: (entry: DebugEntry) => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Never throws: a fault of a listener must not change what is watched. */
  add(area: string, message: string, data?: unknown): void {
    const entry = { time: Date.now(), area, message, ...(data === undefined ? {} : { data }) };
    if (this.kept.push(entry) > MAX_ENTRIES) this.kept.shift();
    for (const listener of this.listeners) callSafely(() => listener(entry));
  }
}
