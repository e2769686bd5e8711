import type { Backend } from '@nestwire/realtime';
import type { ConformanceSuite } from '../../src/index.js';

/** A backend made to break a promise. */
export type Fault = (backend: Backend) => Backend;

/** Ways to break a suite's promises, by the case that must catch them, and by what the backend does wrong. */
export interface Faults {
  readonly suite: ConformanceSuite;
  readonly faults: Readonly<Record<string, Readonly<Record<string, Fault>>>>;
}

/** The object with some of its methods replaced. */
export function overriding<T extends object>(object: T, methods: Partial<T>): T {
  return Object.assign(Object.create(object) as T, methods);
}

/** Lets others go first, as a round trip does. */
export function roundTrip(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
