import { isDeepStrictEqual } from 'node:util';
import { type Fields, RealtimeError } from '@nestwire/protocol';
import { assertPlainJson, isPlainObject } from '../limits/json-guard.js';
import type { ResolvedOptions } from '../realtime.options.js';
import type { DocumentEdit, FieldChanges } from './commit-edit.js';
import { checkFieldNames } from './field-names.js';
import { insertAt, isWithin, parsePointer, type Pointer, readAt, replaceAt, takeAt } from './json-pointer.js';

/** Most operations of one JSON Patch. */
const MAX_OPERATIONS = 1_000;

type Limits = Pick<ResolvedOptions['limits'], 'maxNesting' | 'maxEventBytes'>;

type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: Pointer; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: Pointer }
  | { readonly op: 'move' | 'copy'; readonly path: Pointer; readonly from: Pointer };

/**
 * The edit that a JSON Patch asks for (RFC 6902). A pointer begins with the name of a field; there is none to the whole document.
 * Our own, because the library that is kept best (`rfc6902` 5.4) lets `/list/length` be replaced, and copies without a bound.
 * @param patch Plain JSON, checked before.
 * @throws RealtimeError `bad_request`, `too_large`; its `apply` also `conflict` where a `test` fails.
 */
export function jsonPatchEdit(patch: unknown, limits: Limits): DocumentEdit {
  const operations = parseOperations(patch);
  const reads = checkFieldNames(operations.flatMap(fieldsRead));
  const writes = checkFieldNames(operations.flatMap(fieldsWritten));
  return {
    reads,
    writes,
    reveals: reads.length > 0,
    apply: (fields) => changesOf(operations, fields, writes, limits),
  };
}

function parseOperations(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) throw new RealtimeError('bad_request', 'a JSON Patch is an array of operations');
  if (patch.length > MAX_OPERATIONS) {
    throw new RealtimeError('too_large', `${patch.length} operations are more than ${MAX_OPERATIONS}`);
  }
  return patch.map(parseOperation);
}

function parseOperation(operation: unknown): Operation {
  if (!isPlainObject(operation)) throw new RealtimeError('bad_request', 'an operation is an object');
  const { op, value } = operation;
  const path = parsePointer(operation['path']);
  if (op === 'remove') return { op, path };
  if (op === 'move' || op === 'copy') return { op, path, from: parsePointer(operation['from']) };
  if (op !== 'add' && op !== 'replace' && op !== 'test') {
    throw new RealtimeError(
      'bad_request',
      'the "op" of an operation is add, remove, replace, move, copy or test',
    );
  }
  if (value === undefined) throw new RealtimeError('bad_request', `"${op}" needs a "value"`);
  return { op, path, value };
}

/** All but a field that is added as a whole: that needs no look at what is there. */
function fieldsRead(operation: Operation): string[] {
  const { op, path } = operation;
  const read = op === 'move' || op === 'copy' ? [operation.from.tokens[0]] : [];
  const blind = path.tokens.length === 1 && (op === 'add' || op === 'move' || op === 'copy');
  return blind ? read : [...read, path.tokens[0]];
}

function fieldsWritten(operation: Operation): string[] {
  if (operation.op === 'test') return [];
  return [operation.path.tokens[0], ...(operation.op === 'move' ? [operation.from.tokens[0]] : [])];
}

function changesOf(
  operations: readonly Operation[],
  before: Readonly<Fields>,
  names: readonly string[],
  limits: Limits,
): FieldChanges {
  const after = clone(before);
  const copy = copier(limits);
  for (const operation of operations) run(after, operation, copy);
  const kept = names.filter((name) => Object.hasOwn(after, name));
  return {
    set: Object.fromEntries(kept.map((name) => [name, after[name]])),
    remove: names.filter((name) => !Object.hasOwn(after, name)),
  };
}

function run(document: Fields, operation: Operation, copy: (value: unknown) => unknown): void {
  switch (operation.op) {
    case 'add':
      return insertAt(document, operation.path, clone(operation.value));
    case 'replace':
      return replaceAt(document, operation.path, clone(operation.value));
    case 'remove':
      return void takeAt(document, operation.path);
    case 'copy':
      return insertAt(document, operation.path, copy(readAt(document, operation.from)));
    case 'move':
      return move(document, operation.from, operation.path);
    case 'test':
      return test(document, operation.path, operation.value);
  }
}

function move(document: Fields, from: Pointer, path: Pointer): void {
  if (isWithin(from, path))
    throw new RealtimeError('bad_request', `"${from.text}" cannot be moved into itself`);
  insertAt(document, path, takeAt(document, from));
}

function test(document: Fields, path: Pointer, value: unknown): void {
  // A copy, for -0 is 0 in JSON.
  if (isDeepStrictEqual(readAt(document, path), clone(value))) return;
  const message = `${JSON.stringify(path.text)} does not hold what it was tested for`;
  throw new RealtimeError('conflict', message, { details: { path: path.text } });
}

/** Copies values as long as they are no larger together than an event: a few copies of copies would fill the memory. */
function copier({ maxNesting, maxEventBytes }: Limits): (value: unknown) => unknown {
  let left = maxEventBytes;
  return (value) => {
    assertPlainJson(value, { maxNesting });
    const text = JSON.stringify(value);
    left -= Buffer.byteLength(text);
    if (left < 0) throw new RealtimeError('too_large', `the patch copies more than ${maxEventBytes} bytes`);
    return JSON.parse(text) as unknown;
  };
}

/** By way of JSON: `structuredClone` takes its prototypes from elsewhere under Jest, and strict equality minds. */
function clone<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
