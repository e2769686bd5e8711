import type { Outcome } from './outcome.js';
import type { RunOptions } from './run-options.js';
import { Run } from './run.js';
import type { World } from './world.js';

/** Where things go wrong: nodes, and what they stand on. */
export interface Place {
  readonly world: World;
}

/** Something that goes wrong. */
export interface Scenario<Where extends Place = Place> {
  readonly name: string;
  /** Before the run begins. */
  readonly prepare?: (place: Where) => Promise<void>;
  /** Lets it happen, and resolves when the cause is over. Everything flows before, and must again after. */
  readonly happen: (run: Run, place: Where) => Promise<void>;
  readonly run?: Partial<RunOptions>;
}

const { NESTWIRE_SEED, NESTWIRE_SOAK_MS } = process.env;
/** How long a soak keeps at each of them, in milliseconds. */
const SOAK_MS = Number(NESTWIRE_SOAK_MS ?? 60_000);

/** Lets it happen in the middle of things, and says what became of everybody. Prints a line. */
export async function survive<Where extends Place>(
  place: Where,
  scenario: Scenario<Where>,
  { seed = Number(NESTWIRE_SEED ?? 1), rounds = 2, durationMs = 0 } = {},
): Promise<Outcome> {
  await scenario.prepare?.(place);
  await using run = new Run(place.world, { name: scenario.name, seed, ...scenario.run });
  const end = performance.now() + durationMs;
  await run.flow();
  for (let round = 0; round < rounds || performance.now() < end; round += 1) {
    run.faults += 1;
    await scenario.happen(run, place);
    await run.flow();
  }
  await run.work();
  const outcome = await run.finish();
  process.stdout.write(`${outcome.report}\n`);
  return outcome;
}

/** Over and over, with a seed of its own, for `NESTWIRE_SOAK_MS`. */
export function soak<Where extends Place>(place: Where, scenario: Scenario<Where>): Promise<Outcome> {
  const seed = Number(NESTWIRE_SEED ?? Date.now() % 2 ** 31);
  return survive(place, scenario, { seed, durationMs: SOAK_MS });
}
