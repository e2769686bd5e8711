import { randomUUID } from 'node:crypto';
import { decodeVersion, type Position, RealtimeError } from '@nestwire/protocol';
import type { CommitRequest } from '../backend/document-store.js';
import { assertPlainJson, isPlainObject } from '../limits/json-guard.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { checkFieldNames } from './field-names.js';

type Version = Pick<Position, 'epoch' | 'offset'>;

/** What else a patch does, and on which conditions. */
export interface PatchOptions<Field extends string = string> {
  /** Names of fields to remove; those that do not exist are passed over. */
  remove?: readonly Field[];
  /** The patch is refused unless the document is at this version; `null`: unless it does not exist. */
  ifVersion?: string | null;
  /** The patch is refused unless the document exists. */
  ifExists?: boolean;
  /**
   * The patch is refused where one of these fields has changed since that version of the document; `null`: unless the field does not exist.
   */
  ifFieldVersions?: Readonly<Partial<Record<Field, string | null>>>;
  /** Reaches everybody who gets the `state.patch` event. */
  correlationId?: string;
}

/** The condition of a change. */
export interface ConditionalOptions {
  /** Refused unless the document is at this version; `null`: unless it does not exist. Default: tried again until nobody came in between. */
  ifVersion?: string | null;
}

/** What became of a change. */
export interface PatchResult {
  /** The document's version after the patch. */
  readonly version: string;
  /** False where every field already was as the patch wants it: no version was made and nobody is told. */
  readonly changed: boolean;
}

/** What a patch is about: fields that its caller names, or all that the document has, of which some are set or none. */
export type PatchScope = 'some fields' | 'all fields' | 'no fields';

/**
 * What the backend is asked to commit, with an operation id of its own.
 * @throws RealtimeError `bad_request` or `too_large`, before anything is sent.
 */
export function toCommitRequest(
  changes: object,
  options: PatchOptions,
  limits: ResolvedOptions['limits'],
  scope: PatchScope = 'some fields',
): CommitRequest {
  const { ifVersion, ifExists = false, ifFieldVersions, correlationId } = options;
  const set = serialize(changes, limits);
  const del = removalsOf(set, options.remove ?? [], scope);
  // Names that a document holds are no more than it may: they do not keep it from being replaced or deleted.
  assertSize(set, scope === 'some fields' ? del : [], limits.maxEventBytes);
  return {
    set,
    del,
    operationId: randomUUID(),
    maxFields: limits.maxDocumentFields,
    maxBytes: limits.maxDocumentBytes,
    ...(ifExists ? { ifExists } : {}),
    ...(ifVersion === undefined ? {} : { ifVersion: toVersion(ifVersion) }),
    ...(ifFieldVersions === undefined ? {} : { ifFieldVersions: toFieldVersions(ifFieldVersions) }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

function serialize(
  changes: unknown,
  { maxNesting, maxFieldBytes }: ResolvedOptions['limits'],
): Map<string, string> {
  assertRecord(changes, 'changes are a plain object of fields');
  const set = new Map<string, string>();
  for (const name of checkFieldNames(Object.keys(changes))) {
    const value = changes[name];
    if (value === undefined) {
      throw new RealtimeError(
        'bad_request',
        `field ${JSON.stringify(name)} is undefined; to remove it, name it in "remove"`,
      );
    }
    assertPlainJson(value, { maxNesting });
    const text = JSON.stringify(value);
    assertFieldSize(name, text, maxFieldBytes);
    set.set(name, text);
  }
  return set;
}

function assertFieldSize(name: string, text: string, maxBytes: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return;
  const details = { field: name };
  throw new RealtimeError(
    'too_large',
    `field ${JSON.stringify(name)} has ${bytes} bytes, more than ${maxBytes}`,
    { details },
  );
}

/** Names that a caller gives count together with those that are set, and none may be in both; others were read from the document. */
function removalsOf(
  set: ReadonlyMap<string, string>,
  remove: readonly string[],
  scope: PatchScope,
): readonly string[] {
  if (scope !== 'some fields') return remove;
  const del = checkFieldNames(remove);
  const both = del.find((name) => set.has(name));
  if (both !== undefined) {
    throw new RealtimeError('bad_request', `field ${JSON.stringify(both)} is both set and removed`);
  }
  checkFieldNames([...set.keys(), ...del]);
  return del;
}

/** A patch is an event of its channel, and no larger than one. */
function assertSize(set: ReadonlyMap<string, string>, del: readonly string[], maxBytes: number): void {
  let bytes = Buffer.byteLength(JSON.stringify({ set: {}, del }));
  for (const [name, value] of set) bytes += Buffer.byteLength(`${JSON.stringify(name)}:${value},`);
  if (bytes > maxBytes) {
    throw new RealtimeError('too_large', `the patch has ${bytes} bytes, more than ${maxBytes}`);
  }
}

function toFieldVersions(versions: unknown): Map<string, Version | null> {
  assertRecord(versions, 'ifFieldVersions is a plain object of versions by field');
  const names = checkFieldNames(Object.keys(versions));
  return new Map(names.map((name) => [name, toVersion(versions[name])]));
}

function toVersion(text: unknown): Version | null {
  if (text === null) return null;
  const version = typeof text === 'string' ? decodeVersion(text) : undefined;
  if (version !== undefined) return version;
  throw new RealtimeError('bad_request', 'a version is a text that an earlier answer gave, or null');
}

function assertRecord(value: unknown, message: string): asserts value is Record<string, unknown> {
  if (!isPlainObject(value)) throw new RealtimeError('bad_request', message);
}
