import { type Fields, RealtimeError } from '@nestwire/protocol';
import { backoff } from '../backoff.js';
import { isPlainObject } from '../limits/json-guard.js';
import {
  BACKOFF,
  contention,
  type DocumentAccess,
  type DocumentEdit,
  type FieldChanges,
} from './commit-edit.js';
import type { PatchResult } from './commit-request.js';
import { VersionConflictError } from './version-conflict.error.js';

/** So often a change of a whole document is worked out again because somebody else came in between. */
const MAX_RETRIES = 10;

/** Adds to a number. */
export function incrementEdit(field: string, by: number): DocumentEdit {
  return {
    reads: [field],
    writes: [field],
    reveals: false,
    apply: (fields) => ({
      set: { [field]: sumOf(field, Object.hasOwn(fields, field) ? fields[field] : 0, by) },
      remove: [],
    }),
  };
}

/** Makes these the only fields. @throws RealtimeError `bad_request` where they are no plain object: a map would remove them all. */
export function replacement(current: Readonly<Fields>, fields: object): FieldChanges {
  if (!isPlainObject(fields))
    throw new RealtimeError('bad_request', 'a document is replaced by a plain object of fields');
  return { set: { ...fields }, remove: Object.keys(current).filter((name) => !Object.hasOwn(fields, name)) };
}

/** Removes every field. */
export function deletion(current: Readonly<Fields>): FieldChanges {
  return { set: {}, remove: Object.keys(current) };
}

/** Commits a change of all fields at the version that they were read at, or at the one that the caller demands. */
export async function withWholeDocument(
  state: DocumentAccess,
  id: string,
  { ifVersion }: { ifVersion?: string | null },
  change: (current: Readonly<Fields>) => FieldChanges,
): Promise<PatchResult> {
  const wait = backoff(BACKOFF);
  for (let retries = 0; ; retries += 1) {
    const current = await state.get(id);
    const { set, remove } = change(current?.fields ?? {});
    try {
      return await state.patch(id, set, {
        remove,
        ifVersion: ifVersion === undefined ? (current?.version ?? null) : ifVersion,
      });
    } catch (error) {
      const isOurs =
        error instanceof VersionConflictError && (ifVersion === undefined || error.version === ifVersion);
      if (!isOurs) throw error;
      if (retries === MAX_RETRIES) throw contention(error);
    }
    await wait();
  }
}

function sumOf(field: string, value: unknown, by: number): number {
  const sum = typeof value === 'number' && typeof by === 'number' ? value + by : NaN;
  if (Number.isFinite(sum) && isExact(value, by, sum)) return sum;
  throw new RealtimeError(
    'bad_request',
    `field ${JSON.stringify(field)} cannot be incremented by ${by}: it is no number, or the sum is none`,
  );
}

/** Past 2^53 a counter would stand still, and increments would be lost without a word. */
function isExact(value: unknown, by: number, sum: number): boolean {
  return !Number.isInteger(value) || !Number.isInteger(by) || Number.isSafeInteger(sum);
}
