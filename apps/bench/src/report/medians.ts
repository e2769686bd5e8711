import { max, median, min } from 'simple-statistics';
import type { Measurement, ScenarioResult, Target } from '../scenarios/scenario.js';

/** Of the readings of one entrant in one case. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function casesOf({ measurements }: ScenarioResult): string[] {
  return [...new Set(measurements.map((measurement) => measurement.case))];
}

export function entrantsOf({ measurements }: ScenarioResult, ofCase: string): string[] {
  return [...new Set(measurements.filter((one) => one.case === ofCase).map(({ entrant }) => entrant))];
}

/** Undefined where nothing was measured. */
export function spreadOf(
  { measurements }: ScenarioResult,
  { case: ofCase, entrant, figure }: Pick<Measurement, 'case' | 'entrant'> & { figure: string },
): Spread | undefined {
  const values = measurements
    .filter((one) => one.case === ofCase && one.entrant === entrant)
    .flatMap(({ figures }) => figures[figure] ?? []);
  return values.length === 0 ? undefined : { median: median(values), least: min(values), most: max(values) };
}

/** How a target was met; undefined where it was not measured. */
export interface Verdict {
  readonly value: number;
  readonly isMet: boolean;
}

export function judge(result: ScenarioResult, target: Target): Verdict | undefined {
  const own = spreadOf(result, target)?.median;
  const base = target.against === undefined ? 1 : baseOf(result, target, [target.against].flat());
  if (own === undefined || base === undefined) return undefined;
  const value = own / base;
  return { value, isMet: value <= (target.atMost ?? Infinity) && value >= (target.atLeast ?? -Infinity) };
}

function baseOf(result: ScenarioResult, target: Target, entrants: readonly string[]): number | undefined {
  const ofCase = target.againstCase ?? target.case;
  const bases = entrants.flatMap(
    (entrant) => spreadOf(result, { case: ofCase, entrant, figure: target.figure })?.median ?? [],
  );
  return bases.length === 0 ? undefined : min(bases);
}
