import { RealtimeError } from '@nestwire/protocol';
import type { RealtimeContext } from '../../src/commands/realtime-context.js';
import { Template } from '../../src/commands/template.js';

function context(result: unknown): RealtimeContext {
  const principal = { userId: '42', roles: ['staff'], claims: { tenant: 'acme' } };
  return {
    params: { id: '7' },
    query: { page: '2' },
    body: { list: ['a'] },
    result,
    principal,
  } as unknown as RealtimeContext;
}

class Entity {
  get region() {
    return 'eu';
  }
}

describe('a template', () => {
  it.each([
    ['orders', 'orders'],
    ['orders:{result.region}', 'orders:eu'],
    ['{params.id}/{query.page}:{body.list.0}', '7/2:a'],
    ['{principal.userId}.{principal.claims.tenant}@{result.region}', '42.acme@eu'],
    ['{result.region}{params.id}', 'eu7'],
  ])('%s becomes %s', (source, text) => {
    expect(new Template(source).render(context(new Entity()))).toBe(text);
  });

  it.each([
    ['Ab9._@-', 'x:Ab9._@-'],
    [0, 'x:0'],
    [7n, 'x:7'],
    [false, 'x:false'],
  ])('takes %p', (value, text) => {
    expect(new Template('x:{result}').render(context(value))).toBe(text);
  });

  it.each([
    ['a colon', 'eu:secret', 'holds a character'],
    ['a slash', 'eu/secret', 'holds a character'],
    ['a space', 'e u', 'holds a character'],
    ['a dollar', '$user', 'holds a character'],
    ['braces', '{params.id}', 'holds a character'],
    ['an exponent', 1e21, 'holds a character'],
    ['empty', '', 'is empty'],
    ['missing', undefined, 'is missing'],
    ['null', null, 'is missing'],
    ['not a number', Number.NaN, 'is not a number'],
    ['an object', { region: 'eu' }, 'is not a text but a object'],
    ['a list', ['eu'], 'is not a text but a object'],
    ['a function', () => 'eu', 'is not a text but a function'],
  ])('refuses what is %s', (_name, value, problem) => {
    const render = () => new Template('orders:{result}').render(context(value));
    expect(render).toThrow(RealtimeError);
    expect(render).toThrow(`{result} of "orders:{result}" ${problem}`);
    expect(render).not.toThrow('secret');
  });

  it('refuses a path that ends early', () => {
    expect(() => new Template('{result.region.name}').render(context(null))).toThrow(
      '{result.region.name} of',
    );
  });
});
