import { type Fields, RealtimeError } from '@nestwire/protocol';
import type { PatchOptions } from '../../src/state/commit-request.js';
import { memoryState } from './fixtures/memory-state.js';

const MANY = Array.from({ length: 1_001 }, (_, index) => `f${index}`);

function deep(levels: number): unknown {
  return levels === 0 ? 1 : [deep(levels - 1)];
}

/** Patches with whatever a client may send; answers with the code of the refusal. */
async function refusal(changes: unknown, options: unknown = {}, id: unknown = 'cart:1'): Promise<string> {
  const { backend, state } = memoryState({ limits: { maxEventBytes: 1_000 } });
  const patch = state.patch(id as string, changes as Fields, options as PatchOptions);
  const error: unknown = await patch.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RealtimeError);
  expect(await backend.documents.read(String(id))).toBeUndefined();
  return (error as RealtimeError).code;
}

describe('what a patch refuses, whole', () => {
  it.each([
    ['null', null],
    ['an array', ['qty']],
    ['text', 'qty'],
    ['a date', new Date()],
    ['a map', new Map([['qty', 3]])],
    ['an undefined field', { note: 'x', qty: undefined }],
    ['an undefined value inside', { qty: [undefined] }],
    ['NaN', { qty: NaN }],
    ['a bigint', { qty: 1n }],
    ['a date inside', { at: new Date() }],
    ['a function', { qty: () => 3 }],
    ['an empty name', { '': 1 }],
    ['a long name', { ['x'.repeat(101)]: 1 }],
    ['half a character as a name', { '\ud800': 1 }],
    ['__proto__ as a name', JSON.parse('{"__proto__":{"a":1}}')],
    ['constructor as a name', { constructor: 1 }],
    ['prototype as a name', { prototype: 1 }],
    ['__proto__ inside a value', { a: [{ b: JSON.parse('{"__proto__":{"admin":true}}') as unknown }] }],
    ['too deep a value', { a: deep(33) }],
  ])('changes that are or have %s: bad_request', async (_, changes) => {
    expect(await refusal(changes)).toBe('bad_request');
  });

  it.each([
    ['no text', 7],
    ['no version of ours', 'latest'],
    ['empty', ''],
    ['negative', '0123456789abcdef--1'],
    ['not whole', '0123456789abcdef-1.5'],
    ['without an epoch', '-1'],
  ])('a version that is %s: bad_request', async (_, version) => {
    expect(await refusal({ qty: 3 }, { ifVersion: version })).toBe('bad_request');
    expect(await refusal({ qty: 3 }, { ifFieldVersions: { qty: version } })).toBe('bad_request');
  });

  it.each([
    ['a field version that is undefined', { ifFieldVersions: { qty: undefined } }],
    ['field versions in an array', { ifFieldVersions: ['qty'] }],
    ['field versions that are null', { ifFieldVersions: null }],
    [
      'field versions of a name that cannot be',
      { ifFieldVersions: JSON.parse('{"__proto__":null}') as unknown },
    ],
    ['a removal that is no list', { remove: 'qty' }],
    ['a removal of no name', { remove: [3] }],
    ['a field both set and removed', { remove: ['qty'] }],
  ])('%s: bad_request', async (_, options) => {
    expect(await refusal({ qty: 3 }, options)).toBe('bad_request');
  });

  it.each([
    ['set', Object.fromEntries(MANY.map((name) => [name, 1])), {}],
    ['removed', {}, { remove: MANY }],
    ['set and removed together', { other: 1 }, { remove: MANY.slice(1) }],
    ['checked', { qty: 3 }, { ifFieldVersions: Object.fromEntries(MANY.map((name) => [name, null])) }],
  ])('more than 1,000 fields %s: too_large', async (_, changes, options) => {
    expect(await refusal(changes, options)).toBe('too_large');
  });

  it.each([
    ['one field', { note: 'x'.repeat(1_000) }],
    ['fields that are small each', { a: 'x'.repeat(500), b: 'y'.repeat(500) }],
    ['characters of several bytes', { note: 'ü'.repeat(500) }],
  ])('more bytes than an event may have, in %s: too_large', async (_, changes) => {
    expect(await refusal(changes)).toBe('too_large');
  });

  it.each(['', 'a b', 'ü', '$user:1', 'x'.repeat(194), 7, null])('%p as an id: bad_request', async (id) => {
    expect(await refusal({ qty: 3 }, {}, id)).toBe('bad_request');
  });

  it('the same ids and names are refused by a read', async () => {
    const { state } = memoryState();
    await expect(state.get('a b')).rejects.toMatchObject({ code: 'bad_request' });
    await expect(state.get('cart:1', ['__proto__'])).rejects.toMatchObject({ code: 'bad_request' });
    await expect(state.get('cart:1', MANY)).rejects.toMatchObject({ code: 'too_large' });
  });

  it('1,000 fields and the longest names and ids pass', async () => {
    const { state } = memoryState();
    const changes = Object.fromEntries(MANY.slice(1).map((name) => [name.padEnd(100, 'x'), 1]));
    const { version } = await state.patch('x'.repeat(193), changes);
    const document = await state.get('x'.repeat(193));
    expect(document).toMatchObject({ version, fields: changes });
  });
});
