import { RealtimeError } from '@nestwire/protocol';
import { runInNewContext } from 'node:vm';
import { assertPlainJson, isPlainObject } from '../../src/limits/json-guard.js';

const limits = { maxNesting: 32 };

function refusalOf(value: unknown, maxNesting = 32): unknown {
  try {
    assertPlainJson(value, { maxNesting });
    return undefined;
  } catch (error) {
    return error instanceof RealtimeError ? [error.code, error.details] : error;
  }
}

function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

class Point {
  x = 0;
}

describe('assertPlainJson', () => {
  it.each([
    undefined,
    null,
    0,
    -1.5,
    '',
    'x',
    true,
    [],
    {},
    [[null]],
    { a: [{ b: 1 }] },
    Object.create(null),
  ])('takes %j', (value) => {
    expect(() => assertPlainJson(value, limits)).not.toThrow();
  });

  it('takes objects of another realm', () => {
    expect(refusalOf(runInNewContext('({ a: [{ b: 1 }] })'))).toBeUndefined();
  });

  it.each([
    ['NaN', Number.NaN, ''],
    ['Infinity', { a: Infinity }, 'a'],
    ['a bigint', [1n], '[0]'],
    ['undefined inside', { a: { b: undefined } }, 'a.b'],
    ['a hole', Object.assign([1], { 2: 3 }), '[1]'],
    ['a function', { a: [0, () => 0] }, 'a[1]'],
    ['a symbol', Symbol('s'), ''],
    ['a Date', { at: new Date() }, 'at'],
    ['a Map', new Map(), ''],
    ['a Buffer', { b: Buffer.from('x') }, 'b'],
    ['an instance', [new Point()], '[0]'],
    ['__proto__', JSON.parse('{"a":[{"__proto__":{"x":1}}]}'), 'a[0].__proto__'],
    ['constructor', { constructor: 1 }, 'constructor'],
    ['prototype', [[{ prototype: null }]], '[0][0].prototype'],
  ])('refuses %s, and says where', (_name, value, path) => {
    expect(refusalOf(value)).toEqual(['bad_request', { path }]);
  });

  it('refuses what is nested deeper than the limit', () => {
    expect(refusalOf(nested(4), 4)).toBeUndefined();
    expect(refusalOf(nested(5), 4)).toEqual(['bad_request', { path: '[0][0][0][0]' }]);
    expect(refusalOf({ a: { b: {} } }, 2)).toEqual(['bad_request', { path: 'a.b' }]);
  });

  it('needs no more stack for deep values, and cuts the path', () => {
    expect(refusalOf(nested(5_000), 100_000)).toBeUndefined();
    const deep = nested(5_000);
    let innermost = deep as unknown[];
    while (innermost.length > 0) innermost = innermost[0] as unknown[];
    innermost.push(Number.NaN);
    expect(refusalOf(deep, 100_000)).toEqual(['bad_request', { path: '[0]'.repeat(67).slice(0, 200) }]);
  });

  it('comes to an end with a cycle', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(refusalOf(cycle, 2)).toEqual(['bad_request', { path: '[0][0]' }]);
  });
});

describe('isPlainObject', () => {
  it.each([[[]], [null], [new Date()], [() => 0], ['x'], [new Point()]])('is false for %p', (value) => {
    expect(isPlainObject(value)).toBe(false);
  });
});
