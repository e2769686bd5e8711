import type { Measurement, Scenario, ScenarioResult } from './scenarios/scenario.js';

export interface RunScenarioOptions {
  readonly quick: boolean;
  readonly fromSource?: boolean;
  /** Default: the scenario's own. */
  readonly rounds?: number | undefined;
  readonly machine: ScenarioResult['machine'];
  /** Hears how far it is. */
  readonly say: (line: string) => void;
}

/** Runs one scenario; what it has measured is kept where it fails. */
export async function runScenario(scenario: Scenario, options: RunScenarioOptions): Promise<ScenarioResult> {
  const { quick, machine, say, fromSource = false } = options;
  const rounds = options.rounds ?? scenario.rounds[quick ? 'quick' : 'full'];
  const measurements: Measurement[] = [];
  const failures: string[] = [];
  const start = performance.now();
  const record = (measurement: Measurement): void => {
    measurements.push(measurement);
    say(lineOf(scenario, measurement));
  };
  try {
    await scenario.run({ rounds, quick, fromSource, record });
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
    say(`failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
  const seconds = Math.round((performance.now() - start) / 1_000);
  return {
    scenario: scenario.name,
    date: new Date().toISOString().slice(0, 10),
    quick,
    rounds,
    seconds,
    machine,
    measurements,
    failures,
  };
}

function lineOf(scenario: Scenario, { case: of, entrant, round, figures }: Measurement): string {
  const texts = scenario.columns
    .filter(({ figure }) => figures[figure] !== undefined)
    .map(({ figure, title, digits = 2 }) => `${title} ${figures[figure]!.toFixed(digits)}`);
  return `${scenario.name} | ${of} | round ${round} | ${entrant} | ${texts.join(', ')}`;
}
