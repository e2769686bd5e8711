import { RealtimeError } from '@nestwire/protocol';

export interface JsonLimits {
  /** Deepest nesting of arrays and objects; `[]` is one deep. */
  readonly maxNesting: number;
}

type Container = unknown[] | Record<string, unknown>;

/** A container and the way to it, which becomes text only where something is refused. */
interface Place {
  readonly container: Container;
  /** How many containers it is in, itself among them. */
  readonly depth: number;
  readonly key?: string | number;
  readonly outer?: Place;
}

/** Names that reach an object's prototype where code copies or merges without care. */
const POISONOUS = new Set(['__proto__', 'constructor', 'prototype']);
/** A path is shown to the client up to this length, in characters. */
const MAX_PATH_LENGTH = 200;

/**
 * Checks that a value is plain JSON: strings, finite numbers, booleans, null, and arrays and plain objects of them, without keys
 * that reach a prototype. The stack does not grow with the value's depth. `undefined` passes as the whole value, for "no data".
 * @throws RealtimeError `bad_request`, with `{ path }` as details.
 */
export function assertPlainJson(value: unknown, limits: JsonLimits): void {
  if (value === undefined) return;
  const rest: Place[] = [];
  visit(value, rest, limits);
  for (let place = rest.pop(); place !== undefined; place = rest.pop()) {
    const { container } = place;
    // By index: a hole is `undefined`, and is refused as such.
    if (Array.isArray(container))
      for (let i = 0; i < container.length; i += 1) visit(container[i], rest, limits, place, i);
    else for (const key of Object.keys(container)) visit(container[key], rest, limits, place, key);
  }
}

/** True for `{}` of any realm and for objects without a prototype. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function visit(
  value: unknown,
  rest: Place[],
  { maxNesting }: JsonLimits,
  outer?: Place,
  key?: string | number,
): void {
  if (typeof key === 'string' && POISONOUS.has(key))
    throw refuse('has a name that is not allowed', outer, key);
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value))
    return;
  if (!Array.isArray(value) && !isPlainObject(value)) throw refuse('is not plain JSON', outer, key);
  const depth = (outer?.depth ?? 0) + 1;
  if (depth > maxNesting) throw refuse(`is nested deeper than ${maxNesting}`, outer, key);
  rest.push({ container: value, depth, key, outer });
}

function refuse(what: string, outer?: Place, key?: string | number): RealtimeError {
  const path = pathOf(outer, key).slice(0, MAX_PATH_LENGTH);
  return new RealtimeError('bad_request', `${path === '' ? 'the data' : path} ${what}`, {
    details: { path },
  });
}

function pathOf(outer?: Place, key?: string | number): string {
  const keys: (string | number)[] = [];
  if (key !== undefined) keys.push(key);
  for (let place = outer; place?.key !== undefined; place = place.outer) keys.push(place.key);
  return keys
    .reverse()
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}
