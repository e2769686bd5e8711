import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface WaitOptions {
  /** How long to wait before it fails; 15 s unless given: a busy machine is slow, and a test has 20 s. */
  timeoutMs?: number;
  /** How long to rest between two looks; 10 ms unless given. */
  intervalMs?: number;
  /** What is waited for, for the message of the failure: "two subscribers". */
  what?: string;
}

type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

/**
 * Resolves to the condition's first truthy value. A condition that throws is asked again: assertions may stand in it.
 * After `timeoutMs` it rejects, and the message tells the last value; the cause is what was last thrown.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Truthy<T>> {
  const { timeoutMs = 15_000, intervalMs = 10, what = 'the condition' } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let value: T | undefined;
    let thrown: unknown;
    try {
      value = await condition();
      if (value) return value as Truthy<T>;
    } catch (error) {
      thrown = error;
    }
    if (performance.now() >= deadline) {
      const last = thrown === undefined ? `was ${inspect(value)}` : `threw ${describe(thrown)}`;
      throw new Error(`Waited ${timeoutMs} ms for ${what}: at last it ${last}.`, { cause: thrown });
    }
    await sleep(intervalMs);
  }
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : inspect(thrown);
}
