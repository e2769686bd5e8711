import { RealtimeError } from '@nestwire/protocol';
import { isPlainObject } from '../limits/json-guard.js';
import { isUnsafeName } from './field-names.js';

/** A place in a document (RFC 6901); its first token names the field. */
export interface Pointer {
  readonly text: string;
  readonly tokens: readonly [field: string, ...rest: string[]];
}

type Container = Record<string, unknown> | unknown[];

const SYNTAX = /^(?:\/(?:[^~/]|~[01])*)+$/;
const INDEX = /^(?:0|[1-9]\d*)$/;

/** @throws RealtimeError `bad_request` where it is no pointer, is to the whole document, or goes through a prototype. */
export function parsePointer(text: unknown): Pointer {
  if (typeof text !== 'string' || !SYNTAX.test(text)) throw invalid(text, 'is not a pointer into a field');
  const tokens = text.slice(1).split('/').map(unescape);
  if (tokens.some(isUnsafeName)) throw invalid(text, 'has a name that is not allowed');
  return { text, tokens: tokens as [string, ...string[]] };
}

/** The value there. Of an object only its own members count, of an array only its elements. */
export function readAt(document: Container, pointer: Pointer): unknown {
  return pointer.tokens.reduce<unknown>((value, token) => memberOf(value, token, pointer), document);
}

/** Takes the value out of the document. */
export function takeAt(document: Container, pointer: Pointer): unknown {
  const [container, token] = lastStep(document, pointer);
  const value = memberOf(container, token, pointer);
  if (Array.isArray(container)) container.splice(Number(token), 1);
  else delete container[token];
  return value;
}

/** Puts a value where one is already. */
export function replaceAt(document: Container, pointer: Pointer, value: unknown): void {
  const [container, token] = lastStep(document, pointer);
  memberOf(container, token, pointer);
  if (Array.isArray(container)) container[Number(token)] = value;
  else container[token] = value;
}

/** Adds or replaces the member of an object; an array's elements make room, and `-` is after the last. */
export function insertAt(document: Container, pointer: Pointer, value: unknown): void {
  const [container, token] = lastStep(document, pointer);
  if (!Array.isArray(container)) container[token] = value;
  else
    container.splice(token === '-' ? container.length : indexOf(token, container.length, pointer), 0, value);
}

/** True where the second place is inside the first. */
export function isWithin(outer: Pointer, inner: Pointer): boolean {
  return inner.text.startsWith(`${outer.text}/`);
}

function lastStep(document: Container, pointer: Pointer): [Container, string] {
  const steps = pointer.tokens.slice(0, -1);
  const container = steps.reduce<unknown>((value, token) => memberOf(value, token, pointer), document);
  if (!Array.isArray(container) && !isPlainObject(container)) throw nowhere(pointer);
  return [container, pointer.tokens.at(-1)!];
}

function memberOf(container: unknown, token: string, pointer: Pointer): unknown {
  if (Array.isArray(container)) return container[indexOf(token, container.length - 1, pointer)];
  if (isPlainObject(container) && Object.hasOwn(container, token)) return container[token];
  throw nowhere(pointer);
}

function indexOf(token: string, last: number, pointer: Pointer): number {
  if (INDEX.test(token) && Number(token) <= last) return Number(token);
  throw nowhere(pointer);
}

function unescape(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function nowhere({ text }: Pointer): RealtimeError {
  return invalid(text, 'is nowhere in the document');
}

function invalid(path: unknown, what: string): RealtimeError {
  const shown = JSON.stringify(path ?? null).slice(0, 200);
  return new RealtimeError('bad_request', `${shown} ${what}`, { details: { path: shown } });
}
