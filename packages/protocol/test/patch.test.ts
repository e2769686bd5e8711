import fc from 'fast-check';
import { applyPatch, type Fields } from '../src/index.js';

describe('a patch', () => {
  it('sets and removes top-level fields, and leaves the others', () => {
    const patched = applyPatch({ a: 1, b: { c: 2 }, d: 3 }, { set: { a: 2, e: [] }, del: ['d', 'missing'] });
    expect(patched).toEqual({ a: 2, b: { c: 2 }, e: [] });
  });

  it('replaces a field whole: what is nested is not merged', () => {
    expect(applyPatch({ a: { b: 1, c: 2 } }, { set: { a: { b: 3 } } })).toEqual({ a: { b: 3 } });
  });

  it('sets null, which is a value and not a removal', () => {
    expect(applyPatch({ a: 1 }, { set: { a: null } })).toEqual({ a: null });
  });

  it('may be empty', () => {
    expect(applyPatch({ a: 1 }, {})).toEqual({ a: 1 });
    expect(applyPatch({ a: 1 }, { set: {}, del: [] })).toEqual({ a: 1 });
  });

  it('leaves the given fields as they are', () => {
    const fields = Object.freeze({ a: 1, b: 2 });
    expect(applyPatch(fields, { set: { a: 3 }, del: ['b'] })).toEqual({ a: 3 });
    expect(fields).toEqual({ a: 1, b: 2 });
  });

  it('takes any name, those of Object.prototype too, and gives nobody a prototype', () => {
    const set = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"toString":2}') as Fields;
    const patched = applyPatch({}, { set });
    expect(Object.entries(patched)).toEqual(Object.entries(set));
    expect((patched as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.keys(applyPatch(patched, { del: ['__proto__', 'toString'] }))).toEqual(['constructor']);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('does to an object what setting and deleting does to a map', () => {
    const fields = fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue());
    const del = fc.array(fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(fields, fields, del, (before, set, removed) => {
        const expected = new Map([...Object.entries(before), ...Object.entries(set)]);
        for (const name of removed) expected.delete(name);
        const patched = applyPatch(before, { set, del: removed });
        expect(new Map(Object.entries(patched))).toEqual(expected);
      }),
    );
  });
});
