import { type Fields, RealtimeError } from '@nestwire/protocol';
import { produce } from 'immer';
import { backoff } from '../backoff.js';
import { BACKOFF, contention, type DocumentAccess } from './commit-edit.js';
import type { PatchResult } from './commit-request.js';
import { VersionConflictError } from './version-conflict.error.js';

/** Changes the draft in place, or returns the new fields. Synchronous; may run several times. */
export type Recipe<T> = (draft: T) => void | T;

export interface UpdateOptions {
  /** How often it is tried again when somebody came in between. Default 10. */
  retries?: number;
  /** Names of the only fields that the recipe needs; others are not read. Default: all. */
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
  const wait = backoff(BACKOFF);
  for (let tried = 0; ; tried += 1) {
    const current = await state.get(id, fields);
    const { set, remove, touched } = differenceOf(current?.fields ?? {}, recipe);
    const ifFieldVersions = Object.fromEntries(
      [...touched].map((name) => [name, current?.fieldVersions[name] ?? null]),
    );
    try {
      return await state.patch(id, set, {
        remove,
        ifFieldVersions,
        ...(correlationId === undefined ? {} : { correlationId }),
      });
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
      if (tried >= retries) throw contention(error);
    }
    await wait();
  }
}

/** What the recipe changes, and which fields it has looked at or changed. */
function differenceOf<T extends object>(
  before: Readonly<Fields>,
  recipe: Recipe<T>,
): { set: Fields; remove: string[]; touched: ReadonlySet<string> } {
  const touched = new Set<string>();
  const after = produce(before as T, (draft) => {
    const watched = observed(draft as T, touched);
    const returned: unknown = recipe(watched);
    if (returned instanceof Promise)
      throw new RealtimeError('bad_request', 'the recipe of an update must be synchronous');
    // `draft => (draft.qty += 1)` returns a number, and `draft => Object.assign(draft, …)` the draft: neither is the new fields.
    return (
      typeof returned === 'object' && returned !== watched ? (returned ?? undefined) : undefined
    ) as never;
  }) as Fields;
  const set = Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));
  const remove = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  for (const name of [...Object.keys(set), ...remove]) touched.add(name);
  return { set, remove, touched };
}

/** The draft, and a note of each field that is looked at. Who lists the fields has looked at all of them. */
function observed<T extends object>(draft: T, touched: Set<string>): T {
  const note = (name: string | symbol): void => {
    if (typeof name === 'string') touched.add(name);
  };
  return new Proxy(draft, {
    get: (target, name) => (note(name), Reflect.get(target, name) as unknown),
    has: (target, name) => (note(name), Reflect.has(target, name)),
    ownKeys: (target) => (Reflect.ownKeys(target).forEach(note), Reflect.ownKeys(target)),
    getOwnPropertyDescriptor: (target, name) => (note(name), Reflect.getOwnPropertyDescriptor(target, name)),
  });
}
