import { randomUUID } from 'node:crypto';
import type { Backend } from '@nestwire/realtime';

/**
 * What a backend can do besides its ports, for cases that cannot do without.
 * `clock`: a test can move its time by minutes.
 */
export type Capability = 'clock';

/** A fresh backend under test, not yet started: each case gets its own, starts it and stops it. */
export interface ConformanceTarget {
  readonly backend: Backend;
  /** Another node's view of the same data, where the backend is shared; default: the backend itself. */
  readonly peer?: Backend;
  /** Moves the backend's time; needed for the capability `clock`. Without it cases wait in real time. */
  readonly advance?: (ms: number) => void | Promise<void>;
  /** The backend's time, milliseconds since 1970. Default: this process's. */
  readonly now?: () => number;
  /** How long to wait for what must happen. Default 5,000. */
  readonly patienceMs?: number;
  /** Called when the case is over and both backends have stopped. */
  readonly dispose?: () => void | Promise<void>;
}

/** What a case works with. */
export interface ConformanceContext {
  readonly backend: Backend;
  /** Another node's view of the same data; the backend itself where it is not shared. */
  readonly peer: Backend;
  /** A name that no other case uses: for channels, documents, sessions and users. */
  readonly uniqueName: () => string;
  /** The backend's time, milliseconds since 1970. */
  readonly now: () => number;
  /** Lets time pass: the backend's own where it can be moved, else real time. */
  readonly elapse: (ms: number) => Promise<void>;
  /** Tries the check until it passes; rejects with its last error. */
  readonly eventually: (check: () => void | Promise<void>) => Promise<void>;
}

/** One promise of a port, and how it is checked. */
export interface ConformanceCase {
  /** A promise of the port, as a sentence. */
  readonly name: string;
  /** The case is left out for backends without it. */
  readonly needs?: Capability;
  /** Rejects with an `AssertionError` where the promise is broken. */
  run(context: ConformanceContext): Promise<void>;
}

/** The promises of one port. */
export interface ConformanceSuite {
  /** The port. */
  readonly name: string;
  readonly cases: readonly ConformanceCase[];
}

/** Gives a fresh target; its data may be shared with other targets, for names never meet. */
export type CreateTarget = () => ConformanceTarget | Promise<ConformanceTarget>;

/** The two words of a test runner that suites need: those of Jest, Vitest, Mocha and `node:test` will do. */
export interface TestRunner {
  /** Groups tests. */
  readonly describe: (name: string, define: () => void) => unknown;
  /** Registers a test. */
  readonly it: (name: string, run: () => Promise<void>) => unknown;
}

/** Of what the backend is capable beside its ports. */
export interface ConformanceOptions {
  /** Default: none. */
  readonly capabilities?: readonly Capability[];
}

/** Registers every case of the suite as a test. */
export function registerConformance(
  suite: ConformanceSuite,
  create: CreateTarget,
  { describe, it }: TestRunner,
  options?: ConformanceOptions,
): void {
  describe(suite.name, () => {
    for (const each of casesFor(suite, options)) it(each.name, () => runCase(each, create));
  });
}

/** A case that failed, and why. */
export interface ConformanceFailure {
  readonly name: string;
  readonly error: unknown;
}

/** Runs the suite without a test runner, and answers with what failed; with `bail`, with the first failure only. */
export async function runConformance(
  suite: ConformanceSuite,
  create: CreateTarget,
  options: ConformanceOptions & { readonly bail?: boolean } = {},
): Promise<ConformanceFailure[]> {
  const failures: ConformanceFailure[] = [];
  for (const each of casesFor(suite, options)) {
    try {
      await runCase(each, create);
    } catch (error) {
      failures.push({ name: each.name, error });
      if (options.bail) break;
    }
  }
  return failures;
}

function casesFor(
  suite: ConformanceSuite,
  { capabilities = [] }: ConformanceOptions = {},
): ConformanceCase[] {
  return suite.cases.filter(({ needs }) => needs === undefined || capabilities.includes(needs));
}

async function runCase(each: ConformanceCase, create: CreateTarget): Promise<void> {
  const target = await create();
  const backends = new Set([target.backend, target.peer ?? target.backend]);
  try {
    for (const backend of backends) await backend.start();
    await each.run(contextOf(target));
  } finally {
    for (const backend of backends) await backend.stop();
    await target.dispose?.();
  }
}

function contextOf(target: ConformanceTarget): ConformanceContext {
  return {
    backend: target.backend,
    peer: target.peer ?? target.backend,
    uniqueName: () => `conformance:${randomUUID()}`,
    now: () => target.now?.() ?? Date.now(),
    elapse: async (ms) => (target.advance === undefined ? sleep(ms) : target.advance(ms)),
    eventually: (check) => eventually(check, target.patienceMs ?? 5_000),
  };
}

async function eventually(check: () => void | Promise<void>, patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(5);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
