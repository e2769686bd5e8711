/** What was counted against a key since its window began. */
export interface Counted {
  readonly points: number;
  /** When the window ends, in milliseconds from now; 0 where nothing is counted. */
  readonly endsInMs: number;
}

/** What a node holds is forgotten when it has not said so again for so long, in milliseconds. */
export const HOLD_TTL_MS = 60 * 60_000;

/** What nodes count together, so that a limit is one limit however many nodes there are. */
export interface LimitStore {
  /**
   * Counts so many points against a key, and answers with all that every node has counted in the window. A window begins
   * with the first count, lasts so many milliseconds (whole seconds), and is not made longer by what is counted in it. Atomic.
   */
  count(key: string, points: number, windowMs: number): Promise<Counted>;

  /** Looks, and counts nothing. */
  counted(key: string): Promise<Counted>;

  /**
   * Notes how many of something a node holds under a key, in place of what it said before, and answers with what each node
   * holds, in the same atomic step; 0 takes the node off the list. Kept for {@link HOLD_TTL_MS} after the key's last word.
   */
  hold(key: string, node: string, held: number): Promise<ReadonlyMap<string, number>>;
}
