import { inspect } from 'node:util';
/** What options are checked with: every message names the option, its value, and what is allowed. */

type Numbers = Record<string, number>;

/** The longest time that a timer of Node.js can wait. */
export const MAX_MS = 2 ** 31 - 1;

export function positive<T extends Numbers>(group: string, values: T): T {
  for (const [name, value] of Object.entries(values)) integer(`${group}.${name}`, value, 1);
  return values;
}

export function integer(option: string, value: number, least: number, most = MAX_MS): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(option, value, `a whole number from ${least} to ${most}`);
}

/** Leaves out what is undefined, so that it does not stand in a default's place. */
export function defined<T extends object>(
  group: string,
  values: T | undefined,
  known: readonly string[],
): Partial<T> {
  if (values === undefined) return {};
  if (typeof values !== 'object' || values === null) throw invalid(group, values, 'an object');
  assertKnown(Object.keys(values), known, `${group}.`);
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

export function assertKnown(names: readonly string[], known: readonly string[], prefix: string): void {
  const stranger = names.find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw new Error(
    `Nestwire: there is no option "${prefix}${stranger}"; allowed are ${known.map((name) => prefix + name).join(', ')}`,
  );
}

export function assertObject<T>(
  option: string,
  value: T | undefined,
  fits: (value: T) => boolean,
  allowed: string,
): void {
  if (value === undefined || (typeof value === 'object' && value !== null && fits(value))) return;
  throw invalid(option, typeof value, allowed);
}

export function invalid(option: string, value: unknown, allowed: string): Error {
  return new Error(`Nestwire: option "${option}" is ${display(value)}; allowed is ${allowed}`);
}

function display(value: unknown): string {
  return typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : inspect(value);
}
