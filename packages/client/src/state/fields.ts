import type { Fields, StatePatch } from '@nestwire/protocol';
import { jsonCopy } from '../json-copy.js';

export type Changes = Required<StatePatch>;

/** What makes one of the other. Fields are told apart as JSON: that is how they travel. */
export function difference(before: Readonly<Fields>, after: Readonly<Fields>): Changes {
  const set = Object.fromEntries(
    Object.entries(after).filter(([name, value]) => value !== undefined && !isEqual(value, before[name])),
  );
  const del = Object.keys(before).filter((name) => after[name] === undefined);
  return { set, del };
}

/** Fields to set; those that are undefined are to be removed. Copies: what the caller does with them later is not meant. */
export function toChanges(fields: object): Changes {
  const entries = Object.entries(fields) as [string, unknown][];
  const set = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  return {
    set: jsonCopy(set),
    del: entries.filter(([, value]) => value === undefined).map(([name]) => name),
  };
}

export function namesOf({ set, del }: Changes): string[] {
  return [...Object.keys(set), ...del];
}

export function pick(fields: Readonly<Fields>, names: readonly string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, fields[name]]));
}

export function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
