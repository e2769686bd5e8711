import { jsonPatchEdit } from '../../src/state/json-patch.js';

const LIMITS = { maxNesting: 32, maxEventBytes: 1_000 };

const apply = (fields: object, patch: unknown) =>
  jsonPatchEdit(patch, LIMITS).apply(fields as Record<string, unknown>);

/** The fields that the patch writes, after it. */
const after = (fields: object, ...patch: unknown[]) => apply(fields, patch).set;

describe('JSON Patch of a document (RFC 6902)', () => {
  it.each<[string, object, unknown[], object]>([
    ['adds a field', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { b: 2 }],
    ['adds a member', { a: {} }, [{ op: 'add', path: '/a/b', value: 2 }], { a: { b: 2 } }],
    ['replaces by adding', { a: { b: 1 } }, [{ op: 'add', path: '/a/b', value: 2 }], { a: { b: 2 } }],
    ['inserts an element', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['inserts at the end', { a: [1] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2] }],
    ['appends', { a: [1] }, [{ op: 'add', path: '/a/-', value: [2] }], { a: [1, [2]] }],
    ['removes a member', { a: { b: 1, c: 2 } }, [{ op: 'remove', path: '/a/b' }], { a: { c: 2 } }],
    ['removes an element', { a: [1, 2, 3] }, [{ op: 'remove', path: '/a/1' }], { a: [1, 3] }],
    ['replaces an element', { a: [1, 2] }, [{ op: 'replace', path: '/a/1', value: 3 }], { a: [1, 3] }],
    ['adds null', { a: {} }, [{ op: 'add', path: '/a/b', value: null }], { a: { b: null } }],
    [
      'moves a member',
      { a: { x: 1 }, b: {} },
      [{ op: 'move', from: '/a/x', path: '/b/y' }],
      { a: {}, b: { y: 1 } },
    ],
    ['moves an element', { a: [1, 2, 3] }, [{ op: 'move', from: '/a/0', path: '/a/2' }], { a: [2, 3, 1] }],
    ['copies', { a: { x: [1] } }, [{ op: 'copy', from: '/a/x', path: '/a/y' }], { a: { x: [1], y: [1] } }],
    [
      'copies into itself',
      { a: { x: 1 } },
      [{ op: 'copy', from: '/a', path: '/a/y' }],
      { a: { x: 1, y: { x: 1 } } },
    ],
    [
      'reads ~1 and ~0',
      { 'a/b': { 'c~d': 1 } },
      [{ op: 'replace', path: '/a~1b/c~0d', value: 2 }],
      { 'a/b': { 'c~d': 2 } },
    ],
    [
      'reads ~01 as ~1',
      { a: { '~1': 1 } },
      [{ op: 'replace', path: '/a/~01', value: 2 }],
      { a: { '~1': 2 } },
    ],
    ['reads an empty name', { a: { '': 1 } }, [{ op: 'replace', path: '/a/', value: 2 }], { a: { '': 2 } }],
    [
      'takes digits for a name in an object',
      { a: {} },
      [{ op: 'add', path: '/a/0', value: 1 }],
      { a: { '0': 1 } },
    ],
    ['passes over other keys', {}, [{ op: 'add', path: '/a', value: 1, why: 'x' }], { a: 1 }],
  ])('%s', (_, fields, patch, expected) => {
    expect(after(fields, ...patch)).toEqual(expected);
  });

  it('runs one operation after the other', () => {
    expect(
      after(
        {},
        { op: 'add', path: '/a', value: [] },
        { op: 'add', path: '/a/-', value: 1 },
        { op: 'copy', from: '/a', path: '/b' },
        { op: 'add', path: '/b/-', value: 2 },
        { op: 'test', path: '/a', value: [1] },
      ),
    ).toEqual({ a: [1], b: [1, 2] });
  });

  it('removes fields, and those that it moves', () => {
    const { set, remove } = apply({ a: 1, b: 2 }, [
      { op: 'remove', path: '/a' },
      { op: 'move', from: '/b', path: '/c' },
    ]);
    expect({ set, remove }).toEqual({ set: { c: 2 }, remove: ['a', 'b'] });
  });

  it('compares numbers, objects in any order, and arrays in theirs', () => {
    const fields = { a: { x: [1, '1'], y: { z: null } } };
    expect(apply(fields, [{ op: 'test', path: '/a', value: { y: { z: null }, x: [1.0, '1'] } }])).toEqual({
      set: {},
      remove: [],
    });
    for (const value of [{ x: ['1', 1], y: { z: null } }, { x: [1, '1'], y: {} }, null]) {
      expect(() => apply(fields, [{ op: 'test', path: '/a', value }])).toThrow(
        expect.objectContaining({ code: 'conflict' }),
      );
    }
  });

  it('gives the same outcome every time, and leaves what it was given as it is', () => {
    const fields = { a: [1] };
    const edit = jsonPatchEdit(
      [
        { op: 'add', path: '/a/-', value: { b: [] } },
        { op: 'add', path: '/a/1/b/-', value: 2 },
      ],
      LIMITS,
    );
    expect(edit.apply(fields)).toEqual(edit.apply(fields));
    expect(fields).toEqual({ a: [1] });
  });

  it.each<[string, unknown]>([
    ['a missing field', { op: 'remove', path: '/nope' }],
    ['a missing member', { op: 'replace', path: '/o/nope', value: 1 }],
    ['a missing parent', { op: 'add', path: '/nope/x', value: 1 }],
    ['a member of text', { op: 'add', path: '/text/x', value: 1 }],
    ['an inherited member', { op: 'test', path: '/o/toString', value: 1 }],
    ['a copy of an inherited member', { op: 'copy', from: '/o/valueOf', path: '/o/x' }],
    ['the length of an array', { op: 'replace', path: '/list/length', value: 4_294_967_295 }],
    ['an element after the last', { op: 'add', path: '/list/3', value: 1 }],
    ['an element that is not there', { op: 'replace', path: '/list/2', value: 1 }],
    ['the place after the last, to replace', { op: 'replace', path: '/list/-', value: 1 }],
    ['an index with a zero before', { op: 'remove', path: '/list/01' }],
    ['an index with an exponent', { op: 'replace', path: '/list/1e0', value: 1 }],
    ['a negative index', { op: 'remove', path: '/list/-1' }],
    ['the whole document', { op: 'add', path: '', value: {} }],
    ['no pointer', { op: 'add', path: 'a', value: 1 }],
    ['a pointer with a wrong escape', { op: 'add', path: '/a~2', value: 1 }],
    ['no path', { op: 'add', value: 1 }],
    ['no value', { op: 'add', path: '/a' }],
    ['no from', { op: 'copy', path: '/a' }],
    ['an unknown operation', { op: 'increment', path: '/a', value: 1 }],
    ['no operation', 7],
    ['a move into itself', { op: 'move', from: '/o', path: '/o/x' }],
    ['a prototype', { op: 'add', path: '/o/__proto__/x', value: 1 }],
    ['a prototype by the constructor', { op: 'add', path: '/o/constructor/prototype/x', value: 1 }],
    ['a field that cannot be', { op: 'add', path: '/__proto__', value: 1 }],
  ])('refuses %s: bad_request', (_, operation) => {
    const fields = { o: {}, list: [1, 2], text: 'x' };
    expect(() => apply(fields, [operation])).toThrow(expect.objectContaining({ code: 'bad_request' }));
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('tests numbers by what they are worth', () => {
    expect(after({ a: [0] }, { op: 'test', path: '/a', value: [-0] })).toEqual({});
  });

  it('is bounded in its operations and in what it copies', () => {
    const many = Array.from({ length: 1_001 }, () => ({ op: 'add', path: '/a', value: 1 }));
    expect(() => apply({}, many)).toThrow(expect.objectContaining({ code: 'too_large' }));
    const doubling = Array.from({ length: 40 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
    expect(() => apply({ a: ['x'] }, doubling)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(too_large|bad_request)$/) as unknown }),
    );
  });

  it('reads what it depends on, and nothing for a field that is set as a whole', () => {
    const edit = jsonPatchEdit(
      [
        { op: 'add', path: '/blind', value: 1 },
        { op: 'add', path: '/into/x', value: 1 },
        { op: 'test', path: '/tested', value: 1 },
        { op: 'copy', from: '/from/x', path: '/to' },
        { op: 'move', from: '/moved', path: '/there' },
      ],
      LIMITS,
    );
    expect([...edit.reads].sort()).toEqual(['from', 'into', 'moved', 'tested']);
    expect([...edit.writes].sort()).toEqual(['blind', 'into', 'moved', 'there', 'to']);
    expect(edit.reveals).toBe(true);
    expect(jsonPatchEdit([{ op: 'add', path: '/blind', value: 1 }], LIMITS).reveals).toBe(false);
  });
});
