import { type Fields, RealtimeError } from '@nestwire/protocol';
import { isPlainObject } from '../limits/json-guard.js';
import type { DocumentEdit } from './commit-edit.js';
import { checkFieldNames } from './field-names.js';

/**
 * The edit that a JSON Merge Patch asks for (RFC 7396): `null` removes a field, an object is merged into the field's value,
 * anything else replaces it. Only fields that are merged into are read.
 * @param patch Plain JSON, checked before.
 * @throws RealtimeError `bad_request` where it is no object, or names what cannot be a field; `too_large`.
 */
export function mergePatchEdit(patch: unknown): DocumentEdit {
  if (!isPlainObject(patch))
    throw new RealtimeError('bad_request', 'a merge patch of a document is an object');
  const writes = checkFieldNames(Object.keys(patch));
  const remove = writes.filter((name) => patch[name] === null);
  const assign = writes.filter((name) => patch[name] !== null);
  return {
    reads: writes.filter((name) => isPlainObject(patch[name])),
    writes,
    reveals: false,
    apply: (fields) => ({ set: mergeEach(assign, fields, patch), remove }),
  };
}

function mergeEach(names: readonly string[], fields: Readonly<Fields>, patch: Readonly<Fields>): Fields {
  return Object.fromEntries(
    names.map((name) => [
      name,
      mergePatch(Object.hasOwn(fields, name) ? fields[name] : undefined, patch[name]),
    ]),
  );
}

/** `MergePatch` of RFC 7396, section 2; the target is left as it is. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return patch;
  const merged = new Map(Object.entries(isPlainObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}
