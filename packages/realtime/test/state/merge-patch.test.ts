import { mergePatch, mergePatchEdit } from '../../src/state/merge-patch.js';

describe('JSON Merge Patch of a document (RFC 7396)', () => {
  it.each<[unknown, unknown, unknown]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('the RFC’s example: %j with %j is %j', (target, patch, expected) => {
    const before = structuredClone(target);
    expect(mergePatch(target, patch)).toEqual(expected);
    expect(target).toEqual(before);
  });

  it('never merges into what an object inherits', () => {
    expect(mergePatch({}, { toString: { a: 1 } })).toEqual({ toString: { a: 1 } });
    expect(mergePatchEdit({ valueOf: { a: 1 } }).apply({}).set).toEqual({ valueOf: { a: 1 } });
  });

  it('reads only the fields that it merges into', () => {
    const edit = mergePatchEdit({ a: 1, b: null, c: [1], d: { e: 1 } });
    expect(edit.reads).toEqual(['d']);
    expect(edit.writes).toEqual(['a', 'b', 'c', 'd']);
    expect(edit.apply({ d: { f: 2 } })).toEqual({ set: { a: 1, c: [1], d: { f: 2, e: 1 } }, remove: ['b'] });
  });
});
