import type { Fields } from '@nestwire/protocol';
import { Expose, Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Min, ValidateNested } from 'class-validator';
import { DocumentShape } from '../../src/state/document-shape.js';
import { memoryState } from './fixtures/memory-state.js';

class Line {
  @IsString() sku!: string;
  @IsInt() @Min(1) qty!: number;
  isFree?(): boolean {
    return this.qty === 0;
  }
}

class Cart {
  @IsInt() @Min(0) qty!: number;
  @IsOptional() @IsString() note?: string;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Line) lines?: Line[];
  @IsOptional() @Expose({ name: 'alias' }) @IsInt() named?: number;
  isEmpty?(): boolean {
    return this.qty === 0;
  }
}

async function typedState(fields?: Fields) {
  const shape = await DocumentShape.of(Cart, 'a test');
  const world = memoryState({ shape });
  if (fields !== undefined) await world.state.patch('cart:1', fields);
  return { ...world, carts: world.state.for<Cart>('cart:{id}') };
}

describe('documents of a pattern', () => {
  it('are read and changed by their key', async () => {
    const { carts, state } = await typedState();
    await carts.patch({ id: '1' }, { qty: 1, note: 'x' });
    await carts.update('1', (cart) => {
      cart.qty += 1;
    });
    await carts.increment(1, 'qty', 2);
    await carts.merge('1', { note: null, lines: [{ sku: 'tea', qty: 1 }] });
    await carts.apply('1', [{ op: 'replace', path: '/lines/0/qty', value: 2 }]);
    expect((await carts.get('1'))?.fields).toEqual({ qty: 4, lines: [{ sku: 'tea', qty: 2 }] });
    expect((await carts.get('1', ['qty']))?.fields.qty).toBe(4);
    await carts.replace('1', { qty: 9 });
    expect((await state.get('cart:1'))?.fields).toEqual({ qty: 9 });
    await carts.delete('1');
    expect(await carts.get('1')).toBeUndefined();
  });

  it.each([{}, { id: '1', other: '2' }, { ID: '1' }, 'a:b', '', 'a/b', { id: 'a b' }])(
    'a key that does not fit, as %j, is a bad_request',
    async (key) => {
      const { state } = memoryState();
      await expect(state.for('cart:{id}').get(key as string)).rejects.toMatchObject({ code: 'bad_request' });
      await expect(state.for('cart:{id}:{part}').get('1')).rejects.toMatchObject({ code: 'bad_request' });
    },
  );

  it('several placeholders are filled by name', async () => {
    const { state } = memoryState();
    expect(state.for('cart:{shop}:{id}').idOf({ id: 7, shop: 'eu' })).toBe('cart:eu:7');
    expect(() => state.for('cart:{')).toThrow('is not a channel pattern');
  });
});

describe('a document with a class', () => {
  const REFUSED: [string, Fields, string][] = [
    ['a field that is not declared', { qty: 1, admin: true }, 'admin'],
    ['a value that breaks a rule', { qty: -1 }, 'qty'],
    ['a value of another type', { qty: '1' }, 'qty'],
    ['null for what must be a number', { qty: null }, 'qty'],
    ['an invalid nested value', { lines: [{ sku: 'tea', qty: 0 }] }, 'lines.0.qty'],
    ['a nested field that is missing', { lines: [{ sku: 'tea' }] }, 'lines.0.qty'],
    ['a field that every object has', { qty: 1, toString: 1 }, 'toString'],
    ['a field named like a method', { qty: 1, isEmpty: false }, 'isEmpty'],
    ['a field under another name', { qty: 1, alias: 'x' }, 'alias'],
    ['a nested field named like a method', { lines: [{ sku: 'tea', qty: 1, isFree: 0 }] }, 'lines.0.isFree'],
    [
      'a nested field that every object has',
      { lines: [{ sku: 'tea', qty: 1, valueOf: 0 }] },
      'lines.0.valueOf',
    ],
    ['a nested field that is not declared', { lines: [{ sku: 'tea', qty: 1, free: true }] }, 'lines.0.free'],
  ];

  it.each(REFUSED)('refuses %s, whole, and says where', async (_, changes, path) => {
    const { state } = await typedState({ qty: 1, note: 'x' });
    const before = await state.get('cart:1');
    const ways = [
      () => state.patch('cart:1', { note: 'y', ...changes }),
      () => state.replace('cart:1', { qty: 1, ...changes }),
      () => state.update('cart:1', (draft) => void Object.assign(draft, changes)),
      () =>
        state.apply(
          'cart:1',
          Object.entries(changes).map(([name, value]) => ({ op: 'add', path: `/${name}`, value })),
        ),
    ];
    for (const way of ways) {
      const error: unknown = await way().catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'bad_request',
        details: { fields: { [path]: expect.arrayContaining([expect.any(String)]) as unknown } },
      });
    }
    expect(await state.get('cart:1')).toEqual(before);
  });

  it('takes a patch of some fields where it exists, and begins with all that it needs', async () => {
    const { state } = await typedState();
    const lacking = { code: 'bad_request', details: { fields: { qty: expect.any(Array) as unknown } } };
    await expect(state.patch('cart:1', { note: 'x' })).rejects.toMatchObject(lacking);
    await expect(state.patch('cart:1', { note: 'x' }, { ifVersion: null })).rejects.toMatchObject(lacking);
    await expect(state.replace('cart:1', { note: 'x' })).rejects.toMatchObject(lacking);
    expect(await state.get('cart:1')).toBeUndefined();
    await state.patch('cart:1', { qty: 1 });
    await state.patch('cart:1', { note: 'x' });
    expect((await state.get('cart:1'))?.fields).toEqual({ qty: 1, note: 'x' });
  });

  it('keeps what it needs: only what is optional, or not declared, may be removed, and the whole document', async () => {
    const { state, backend } = await typedState({ qty: 1, note: 'x' });
    const remove = (name: string) => state.patch('cart:1', {}, { remove: [name] });
    await expect(remove('qty')).rejects.toMatchObject({ code: 'bad_request' });
    await expect(state.merge('cart:1', { qty: null })).rejects.toMatchObject({ code: 'bad_request' });
    await remove('note');
    const legacy = { set: new Map([['old', '1']]), del: [], operationId: 'legacy' };
    await backend.documents.commit('cart:1', legacy, { size: 10, ttlMs: 10_000 });
    await remove('old');
    expect((await state.get('cart:1'))?.fields).toEqual({ qty: 1 });
    await state.delete('cart:1');
    expect(await state.get('cart:1')).toBeUndefined();
  });

  it('a class without decorators is refused at start-up', async () => {
    class Plain {
      qty = 1;
    }
    await expect(DocumentShape.of(Plain, 'CartDocument')).rejects.toThrow('Plain, has no decorators');
  });
});
