import { RESERVED_CHANNEL_PREFIXES, RealtimeError, isChannelName } from '@nestwire/protocol';

/** Most fields that one patch may set, remove or check, and one read may ask for. */
export const MAX_FIELDS_PER_CALL = 1_000;
/** Longest name of a field, in characters. */
const MAX_FIELD_NAME_LENGTH = 100;

/** Names that reach an object's prototype in the hands of careless code on either side of the wire. */
const UNSAFE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
/** Half a character cannot be told in UTF-8: two such names would become one. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** True for a name that no field, and nothing inside one, may have. */
export function isUnsafeName(name: string): boolean {
  return UNSAFE_NAMES.has(name);
}

/** @throws RealtimeError `bad_request` unless `$state:ID` is a channel name. */
export function assertDocumentId(id: unknown): asserts id is string {
  if (typeof id === 'string' && isChannelName(RESERVED_CHANNEL_PREFIXES.state + id)) return;
  throw new RealtimeError(
    'bad_request',
    'a document id is made of A-Z a-z 0-9 . _ : @ / - and at most 193 long',
  );
}

/**
 * The names, each once.
 * @throws RealtimeError `bad_request` where it is no array, or one is not the name of a field; `too_large` where they are too many.
 */
export function checkFieldNames(names: unknown): string[] {
  if (!Array.isArray(names)) throw new RealtimeError('bad_request', 'names of fields come as an array');
  for (const name of names) assertFieldName(name);
  if (names.length > MAX_FIELDS_PER_CALL) {
    throw new RealtimeError('too_large', `${names.length} fields are more than ${MAX_FIELDS_PER_CALL}`);
  }
  return [...new Set(names as string[])];
}

/** True for what may be the name of a field. */
export function isFieldName(name: unknown): name is string {
  return faultOf(name) === undefined;
}

function assertFieldName(name: unknown): asserts name is string {
  const fault = faultOf(name);
  if (fault !== undefined) throw new RealtimeError('bad_request', fault);
}

function faultOf(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '' || name.length > MAX_FIELD_NAME_LENGTH)
    return `the name of a field is a text of 1 to ${MAX_FIELD_NAME_LENGTH} characters`;
  if (isUnsafeName(name) || LONE_SURROGATE.test(name))
    return `${JSON.stringify(name)} cannot be the name of a field`;
  return undefined;
}
