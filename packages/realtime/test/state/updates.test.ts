import { jest } from '@jest/globals';
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

  it('reads a field that the recipe touches though it has not been named', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 1, limit: 5, note: 'x', items: [] });
    const update = state.update<{ qty: number; limit: number; note?: string }>(
      'cart:1',
      (cart) => {
        cart.qty = cart.limit;
        delete cart.note;
      },
      { fields: ['limit'], retries: 0 },
    );
    expect(await update).toMatchObject({ changed: true });
    expect((await state.get('cart:1'))!.fields).toEqual({ qty: 5, limit: 5, note: 'x', items: [] });
  });

  it('begins a field that is named like something that every object has', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 1 });
    await state.update('cart:1', (cart) => void Object.assign(cart, { toString: 1 }));
    await state.increment('cart:1', 'valueOf');
    expect((await state.get('cart:1'))!.fields).toEqual({ qty: 1, toString: 1, valueOf: 1 });
  });

  it('takes what can be no field for nothing that was looked at', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 1 });
    await state.update<Cart>('cart:1', (cart) => {
      if (cart.constructor === Object) cart.qty = 2;
    });
    expect((await state.get('cart:1'))!.fields).toEqual({ qty: 2 });
  });

  it('begins a document that does not exist, and takes what a recipe returns for the new fields', async () => {
    const { state } = memoryState();
    await state.update<Cart>('cart:1', () => ({ qty: 1, items: [] }));
    expect((await state.get('cart:1'))!.fields).toEqual({ qty: 1, items: [] });
    await state.update<Cart>('cart:1', (cart) => Object.assign(cart, { qty: 2 }));
    expect((await state.get('cart:1'))!.fields).toEqual({ qty: 2, items: [] });
  });
});

describe('an update that cannot be', () => {
  it('leaves no rejection behind where its recipe is asynchronous', async () => {
    const { state } = memoryState();
    const late = Promise.reject(new TypeError('its draft is gone'));
    const caught = jest.spyOn(late, 'catch');
    await expect(state.update('cart:1', () => late as never)).rejects.toMatchObject({ code: 'bad_request' });
    expect(caught).toHaveBeenCalled();
  });

  it.each([
    ['an array, as of draft.items.map(…)', () => ['a']],
    ['a map', () => new Map([['qty', 1]])],
    ['a date', () => new Date(0)],
  ])('is refused where its recipe returns %s: the document stands', async (_what, recipe) => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 1 });
    await expect(state.update('cart:1', recipe as never)).rejects.toMatchObject({ code: 'bad_request' });
    expect((await state.get('cart:1'))!.fields).toEqual({ qty: 1 });
  });

  it.each([-1, 1.5, NaN, Infinity])('is refused with %d retries', async (retries) => {
    const { state } = memoryState();
    await expect(state.update('cart:1', () => ({ qty: 1 }), { retries })).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect(await state.get('cart:1')).toBeUndefined();
  });
});

describe('a document with more fields than one patch may name', () => {
  const names = range(1_500).map((number) => `field${number}`);

  async function largeDocument() {
    const { state, ...rest } = memoryState();
    for (const half of [names.slice(0, 750), names.slice(750)])
      await state.patch('cart:1', Object.fromEntries(half.map((name) => [name, 1])));
    return { state, ...rest };
  }

  it('is deleted, and is replaced', async () => {
    const { state } = await largeDocument();
    await state.replace('cart:1', { a: 1 });
    expect((await state.get('cart:1'))!.fields).toEqual({ a: 1 });
    const { state: other } = await largeDocument();
    expect((await other.delete('cart:1')).changed).toBe(true);
    expect(await other.get('cart:1')).toBeUndefined();
  });

  it('is deleted though the names of its fields are more than an event', async () => {
    const { state } = memoryState({ limits: { maxEventBytes: 1_000 } });
    for (let from = 0; from < 200; from += 50)
      await state.patch('cart:1', Object.fromEntries(names.slice(from, from + 50).map((name) => [name, 1])));
    await state.delete('cart:1');
    expect(await state.get('cart:1')).toBeUndefined();
  });

  it('is replaced by no more fields than one patch may name', async () => {
    const { state } = memoryState();
    const fields = Object.fromEntries(names.map((name) => [name, 1]));
    await expect(state.replace('cart:1', fields)).rejects.toMatchObject({ code: 'too_large' });
  });

  it('is updated by a recipe that looks at all of them, again where any has changed', async () => {
    const { state } = await largeDocument();
    let runs = 0;
    await state.update<Record<string, number>>('cart:1', (draft) => {
      runs += 1;
      if (runs === 1) void state.patch('cart:1', { another: 1 });
      draft['count'] = Object.keys(draft).length;
    });
    expect(runs).toBe(2);
    expect((await state.get('cart:1', ['count']))!.fields).toEqual({ count: 1_501 });
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

describe('replace', () => {
  it.each([
    ['null', null],
    ['a map', new Map([['a', 1]])],
    ['an array', [1]],
  ])('refuses %s: the document stands', async (_what, fields) => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 1 });
    await expect(state.replace('cart:1', fields as never)).rejects.toMatchObject({ code: 'bad_request' });
    expect((await state.get('cart:1'))!.fields).toEqual({ qty: 1 });
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

  it.each([
    ['null', null, 1],
    ['a text of digits', '1', 1],
    ['a sum that is infinite', Number.MAX_VALUE, Number.MAX_VALUE],
    ['a whole number that could not go on', Number.MAX_SAFE_INTEGER, 1],
    ['what to add that is none', 1, NaN],
    ['what to add that is a text', 1, '1' as never],
    ['what to add that is null', 1, null as never],
    ['what to add that is an object', 1, { valueOf: () => 1 } as never],
  ])('refuses %s, and leaves the field as it is', async (_what, value, by) => {
    const { state } = memoryState();
    const { version } = await state.patch('cart:1', { n: value });
    await expect(state.increment('cart:1', 'n', by)).rejects.toMatchObject({ code: 'bad_request' });
    expect(await state.get('cart:1')).toMatchObject({ version, fields: { n: value } });
  });

  it('counts a field that does not exist as 0, though every object inherits its name', async () => {
    const { state } = memoryState();
    await state.increment('cart:1', 'toString', 0.5);
    expect((await state.get('cart:1'))!.fields).toEqual({ toString: 0.5 });
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

  it('a conflict in the middle of many patches is its own', async () => {
    const { state } = memoryState();
    const { version } = await state.patch('cart:2', { a: 1 });
    const outcomes = await state.patchMany([
      { id: 'cart:1', changes: { a: 1 } },
      { id: 'cart:2', changes: { a: 2 }, ifVersion: null },
      undefined as never,
      { id: 'cart:3', changes: { a: 3 } },
    ]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, false, true]);
    expect(outcomes[1]).toMatchObject({
      error: { code: 'conflict', version, fields: { a: { value: 1, version } } },
    });
    expect((await state.get('cart:2'))!.version).toBe(version);
    expect((await state.get('cart:3'))!.fields).toEqual({ a: 3 });
  });
});
