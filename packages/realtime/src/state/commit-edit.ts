import { type Fields, RealtimeError } from '@nestwire/protocol';
import { backoff } from '../backoff.js';
import type { StateSnapshot } from './document-snapshot.js';
import type { PatchOptions, PatchResult } from './commit-request.js';
import { VersionConflictError } from './version-conflict.error.js';

/** So often an edit is worked out again because somebody else has changed what it had read. */
const MAX_RETRIES = 5;
export const BACKOFF = { baseMs: 10, maxMs: 200 };

/** How documents are read and changed. */
export interface DocumentAccess {
  get(id: string, fields?: readonly string[]): Promise<StateSnapshot | undefined>;
  patch(id: string, changes: Readonly<Fields>, options: PatchOptions): Promise<PatchResult>;
}

/** A change of a document that depends on what some of its fields hold. */
export interface DocumentEdit {
  /** Names of the fields whose values it needs. */
  readonly reads: readonly string[];
  /** Names of the fields that it may set or remove. */
  readonly writes: readonly string[];
  /** True where its outcome tells of values: it is for those who may read. */
  readonly reveals: boolean;
  /** What to set and remove, given the fields read; may be asked several times, and leaves them as they are. */
  apply(fields: Readonly<Fields>): FieldChanges;
}

export interface FieldChanges {
  readonly set: Fields;
  readonly remove: readonly string[];
}

/** What a client demands of the document as it is before the edit. */
export interface Precondition {
  /** `null`: it does not exist. */
  readonly ifVersion?: string | null;
  readonly ifExists?: true;
}

/**
 * Reads the fields that the edit needs and commits it if they are still the same, again up to {@link MAX_RETRIES} times.
 * @throws VersionConflictError where the precondition fails.
 * @throws RealtimeError `conflict`, temporary, where others were faster every time.
 */
export async function commitEdit(
  state: DocumentAccess,
  id: string,
  edit: DocumentEdit,
  precondition: Precondition,
): Promise<PatchResult> {
  const wait = backoff(BACKOFF);
  for (let retries = 0; ; retries += 1) {
    try {
      return await tryEdit(state, id, edit, precondition);
    } catch (error) {
      if (!(error instanceof VersionConflictError) || isFinal(error, precondition)) throw error;
      if (retries === MAX_RETRIES) throw contention(error);
    }
    await wait();
  }
}

async function tryEdit(
  state: DocumentAccess,
  id: string,
  edit: DocumentEdit,
  precondition: Precondition,
): Promise<PatchResult> {
  const current = edit.reads.length > 0 ? await state.get(id, edit.reads) : undefined;
  const { set, remove } = edit.apply(current?.fields ?? {});
  return state.patch(id, set, {
    ...precondition,
    remove,
    ifFieldVersions: versionsOf(edit.reads, current),
  });
}

/** The fields' versions, `null` for those that do not exist; `toString` is one of those, whatever objects inherit. */
export function versionsOf(
  names: Iterable<string>,
  current: StateSnapshot | undefined,
): Record<string, string | null> {
  const versions = current?.fieldVersions ?? {};
  return Object.fromEntries(
    Array.from(names, (name) => [name, Object.hasOwn(versions, name) ? versions[name]! : null]),
  );
}

/** True where the client's own precondition failed; a field that changed between our read and our commit is our own affair. */
function isFinal({ version, exists }: VersionConflictError, { ifVersion, ifExists }: Precondition): boolean {
  return (ifVersion !== undefined && ifVersion !== version) || (ifExists === true && !exists);
}

export function contention(cause: VersionConflictError): RealtimeError {
  const message = 'others keep changing the same fields';
  return new RealtimeError('conflict', message, { temporary: true, retryAfterMs: 1_000, cause });
}
