import { RealtimeError } from '@nestwire/protocol';
import { VersionConflictError } from '../../src/state/version-conflict.error.js';
import { memoryState } from './fixtures/memory-state.js';

interface Cart {
  qty: number;
  note?: string;
  items: string[];
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('update', () => {
  it('commits what the recipe changes, and no other field', async () => {
    const { state, follow } = memoryState();
    await state.patch('cart:1', { qty: 1, items: ['a'], note: 'x' });
    const entries = await follow('cart:1');
    await state.update<Cart>('cart:1', (cart) => {
      cart.items.push('b');
      delete cart.note;
    });
    expect(JSON.parse(entries[0]!.data)).toEqual({ set: { items: ['a', 'b'] }, del: ['note'] });
  });

  it('loses nothing when many update the same field at once', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 0 });
    const updates = range(20).map(() =>
      state.update<Cart>('cart:1', (cart) => void (cart.qty += 1), { retries: 100 }),
    );
    await Promise.all(updates);
    expect((await state.get<Cart>('cart:1'))!.fields.qty).toBe(20);
  });

  it('is not disturbed by changes of fields that the recipe has not looked at', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 0, other: 0 });
    let runs = 0;
    await state.update<Cart>('cart:1', (cart) => {
      runs += 1;
      void state.patch('cart:1', { other: runs });
      cart.qty += 1;
    });
    expect(runs).toBe(1);
  });

  it('tries again when a field that was only read has changed', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 0, limit: 1 });
    let runs = 0;
    await state.update<{ qty: number; limit: number }>('cart:1', (cart) => {
      runs += 1;
      if (runs === 1) void state.patch('cart:1', { limit: 5 });
      cart.qty = cart.limit;
    });
    expect(runs).toBe(2);
    expect((await state.get<Cart>('cart:1'))!.fields.qty).toBe(5);
  });

  it('gives up after the retries with a conflict that may pass', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 0 });
    const losing = state.update<Cart>(
      'cart:1',
      (cart) => {
        void state.patch('cart:1', { qty: Math.random() });
        cart.qty += 1;
      },
      { retries: 2 },
    );
    await expect(losing).rejects.toMatchObject({ code: 'conflict', temporary: true });
  });

  it('changes nothing where the recipe throws, is asynchronous, or changes nothing', async () => {
    const { state, follow } = memoryState();
    const { version } = await state.patch('cart:1', { qty: 1 });
    const entries = await follow('cart:1');
    const fault = new Error('mine');
    const throwing = state.update<Cart>('cart:1', (cart) => {
      cart.qty = 2;
      throw fault;
    });
    await expect(throwing).rejects.toBe(fault);
    await expect(state.update('cart:1', (async () => undefined) as never)).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect(await state.update<Cart>('cart:1', (cart) => void (cart.qty = 1))).toEqual({
      version,
      changed: false,
    });
    expect(entries).toEqual([]);
  });

  it('begins a document that does not exist, and takes what a recipe returns for the new fields', async () => {
    const { state } = memoryState();
    await state.update<Cart>('cart:1', () => ({ qty: 1, items: [] }));
    expect((await state.get('cart:1'))!.fields).toEqual({ qty: 1, items: [] });
    await state.update<Cart>('cart:1', (cart) => Object.assign(cart, { qty: 2 }));
    expect((await state.get('cart:1'))!.fields).toEqual({ qty: 2, items: [] });
  });
});

describe('whole documents', () => {
  it('are replaced: fields that are not named go', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { a: 1, b: 2 });
    await state.replace('cart:1', { b: 3, c: 4 });
    expect((await state.get('cart:1'))!.fields).toEqual({ b: 3, c: 4 });
  });

  it('are deleted, and deleting what is not there changes nothing', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { a: 1, b: 2 });
    expect((await state.delete('cart:1')).changed).toBe(true);
    expect(await state.get('cart:1')).toBeUndefined();
    expect((await state.delete('cart:1')).changed).toBe(false);
  });

  it('keep to the version that the caller demands', async () => {
    const { state } = memoryState();
    const { version } = await state.patch('cart:1', { a: 1 });
    await state.patch('cart:1', { a: 2 });
    await expect(state.replace('cart:1', { b: 1 }, { ifVersion: version })).rejects.toBeInstanceOf(
      VersionConflictError,
    );
    await expect(state.delete('cart:1', { ifVersion: version })).rejects.toBeInstanceOf(VersionConflictError);
    await expect(state.replace('cart:1', { b: 1 }, { ifVersion: null })).rejects.toBeInstanceOf(
      VersionConflictError,
    );
    expect((await state.get('cart:1'))!.fields).toEqual({ a: 2 });
  });
});

describe('increment', () => {
  it('adds to a number, from 0 where there is none, and loses nothing', async () => {
    const { state } = memoryState();
    await Promise.all(range(5).map(() => state.increment('cart:1', 'qty', 2)));
    expect((await state.get<Cart>('cart:1'))!.fields.qty).toBe(10);
  });

  it('refuses what is no number', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { note: 'x' });
    await expect(state.increment('cart:1', 'note')).rejects.toBeInstanceOf(RealtimeError);
    await expect(state.increment('cart:1', 'qty', Infinity)).rejects.toMatchObject({ code: 'bad_request' });
  });
});

describe('other ways to change a document', () => {
  it('takes a JSON Patch and a merge patch', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { items: ['a'], address: { city: 'x', zip: '1' } });
    await state.apply('cart:1', [{ op: 'add', path: '/items/-', value: 'b' }]);
    await state.merge('cart:1', { address: { zip: null } });
    expect((await state.get('cart:1'))!.fields).toEqual({ items: ['a', 'b'], address: { city: 'x' } });
    await expect(state.apply('cart:1', [{ op: 'test', path: '/items/0', value: 'z' }])).rejects.toMatchObject(
      { code: 'conflict' },
    );
  });

  it('takes many patches at once, and says of each what became of it', async () => {
    const { state } = memoryState();
    const outcomes = await state.patchMany([
      { id: 'cart:1', changes: { a: 1 } },
      { id: 'cart:2', changes: { a: 1 }, ifVersion: '0123456789abcdef-7' },
      { id: 'not a name', changes: {} },
    ]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, false]);
    expect(await state.get('cart:2')).toBeUndefined();
  });
});
