/** An id whose time has come, claimed by whoever asked. */
export interface DueId {
  readonly id: string;
  /** Until when it is claimed, by a clock of the backend's. */
  readonly until: number;
}

/**
 * Ids, each with a time, over all nodes. Every method is one round trip, and atomic.
 *
 * - What is claimed comes again to whoever asks after the claim, unless it was settled: an id outlives the node that claimed it.
 * - An id that was set anew since it was claimed stays as it was set.
 */
export interface Schedule {
  /** Puts the id at so many milliseconds from now, wherever it was. */
  set(id: string, inMs: number): Promise<void>;
  /** At most so many ids whose time has come, the longest due first; nobody else is given them for the length of the claim. */
  claim(limit: number, claimMs: number): Promise<DueId[]>;
  /** Takes a claimed id out, or puts it at so many milliseconds from now; does nothing where it was set since. */
  settle(due: DueId, inMs: number | null): Promise<void>;
}
