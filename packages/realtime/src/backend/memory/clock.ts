/** The two clocks of a backend in memory; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970: what entries carry. It may jump. */
  now(): number;
  /** Milliseconds since whenever, never backwards: what ages are measured by. */
  monotonic(): number;
}

export const SYSTEM_CLOCK: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
