import { isPromise } from 'node:util/types';
import { type Fields, RealtimeError } from '@nestwire/protocol';
import { produce } from 'immer';
import { backoff } from '../backoff.js';
import { isPlainObject } from '../limits/json-guard.js';
import { BACKOFF, contention, type DocumentAccess, versionsOf } from './commit-edit.js';
import type { PatchOptions, PatchResult } from './commit-request.js';
import type { StateSnapshot } from './document-snapshot.js';
import { isFieldName, MAX_FIELDS_PER_CALL } from './field-names.js';
import { VersionConflictError } from './version-conflict.error.js';

/** Changes the draft in place, or returns the new fields. Synchronous; may run several times. */
export type Recipe<T> = (draft: T) => void | T;

/** How a recipe is run. */
export interface UpdateOptions {
  /** How often it is tried again when somebody came in between. Default 10. */
  retries?: number;
  /** Names of the fields that the recipe needs; where it touches others it is run again with them. Default: all. */
  fields?: readonly string[];
  correlationId?: string;
}

/** See `RealtimeState.update`. */
export async function updateDocument<T extends object>(
  state: DocumentAccess,
  id: string,
  recipe: Recipe<T>,
  { retries = 10, fields, correlationId }: UpdateOptions,
): Promise<PatchResult> {
  if (!Number.isSafeInteger(retries) || retries < 0)
    throw new RealtimeError('bad_request', `retries of an update are a whole number, not ${retries}`);
  const wait = backoff(BACKOFF);
  for (let tried = 0; ; tried += 1) {
    const { current, set, remove, touched } = await workedOut(state, id, recipe, fields);
    try {
      return await state.patch(id, set, {
        remove,
        ...conditionOf(touched, current),
        ...(correlationId === undefined ? {} : { correlationId }),
      });
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
      if (tried >= retries) throw contention(error);
    }
    await wait();
  }
}

interface Difference {
  readonly set: Fields;
  readonly remove: string[];
  /** The fields that the recipe has looked at or changed. */
  readonly touched: ReadonlySet<string>;
}

/** Runs the recipe on the fields that it needs: one that was not read and is touched all the same may exist, and is read, too. */
async function workedOut<T extends object>(
  state: DocumentAccess,
  id: string,
  recipe: Recipe<T>,
  fields: readonly string[] | undefined,
): Promise<Difference & { current: StateSnapshot | undefined }> {
  const current = await state.get(id, fields);
  const difference = differenceOf(current?.fields ?? {}, recipe);
  const unread = fields && [...difference.touched].filter((name) => !fields.includes(name));
  if (unread === undefined || unread.length === 0) return { current, ...difference };
  return workedOut(state, id, recipe, [...fields!, ...unread]);
}

/** The fields that were touched still stand; where they are more than one patch may name, the whole document does. */
function conditionOf(
  touched: ReadonlySet<string>,
  current: StateSnapshot | undefined,
): Pick<PatchOptions, 'ifVersion' | 'ifFieldVersions'> {
  if (touched.size > MAX_FIELDS_PER_CALL) return { ifVersion: current?.version ?? null };
  return { ifFieldVersions: versionsOf(touched, current) };
}

function differenceOf<T extends object>(before: Readonly<Fields>, recipe: Recipe<T>): Difference {
  const touched = new Set<string>();
  const after = produce(before as T, (draft) => {
    const watched = observed(draft as T, touched);
    return newFieldsOf(recipe(watched), watched) as never;
  }) as Fields;
  const set = Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));
  const remove = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  for (const name of [...Object.keys(set), ...remove]) touched.add(name);
  return { set, remove, touched };
}

/** `draft => (draft.qty += 1)` returns a number, and `draft => Object.assign(draft, …)` the draft: neither is the new fields. */
function newFieldsOf(returned: unknown, draft: object): Fields | undefined {
  if (typeof returned !== 'object' || returned === null || returned === draft) return undefined;
  if (isPromise(returned)) {
    // It goes on without its draft, and fails: nobody is left to hear of that, and Node would end the process.
    returned.catch(() => undefined);
    throw new RealtimeError('bad_request', 'the recipe of an update must be synchronous');
  }
  if (!isPlainObject(returned))
    throw new RealtimeError('bad_request', 'the recipe of an update returns nothing, or an object of fields');
  return returned;
}

/** The draft, and a note of each field that is looked at. Who lists the fields has looked at all of them. What can be no field is none. */
function observed<T extends object>(draft: T, touched: Set<string>): T {
  const note = (name: string | symbol): void => {
    if (isFieldName(name)) touched.add(name);
  };
  return new Proxy(draft, {
    get: (target, name) => (note(name), Reflect.get(target, name) as unknown),
    has: (target, name) => (note(name), Reflect.has(target, name)),
    ownKeys: (target) => (Reflect.ownKeys(target).forEach(note), Reflect.ownKeys(target)),
    getOwnPropertyDescriptor: (target, name) => (note(name), Reflect.getOwnPropertyDescriptor(target, name)),
  });
}
