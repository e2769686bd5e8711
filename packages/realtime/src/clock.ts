/** Two clocks: one that tells what time it is, and one that ages are measured by. Tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970: what entries of a backend in memory carry. It may jump. */
  now(): number;
  /** Milliseconds since whenever, never backwards: what ages are measured by. */
  monotonic(): number;
}

export const SYSTEM_CLOCK: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
