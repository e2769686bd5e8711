import { commitEdit, type DocumentEdit } from '../../src/state/commit-edit.js';
import { jsonPatchEdit } from '../../src/state/json-patch.js';
import { mergePatchEdit } from '../../src/state/merge-patch.js';
import type { RealtimeState } from '../../src/state/state.service.js';
import { VersionConflictError } from '../../src/state/version-conflict.error.js';
import { memoryState } from './fixtures/memory-state.js';

const LIMITS = { maxNesting: 32, maxEventBytes: 100_000 };

/** An edit during which somebody else is faster, so many times. */
function overtaken(
  edit: DocumentEdit,
  times: number,
  other: () => Promise<unknown>,
): DocumentEdit & { tries: number } {
  const counted = {
    ...edit,
    tries: 0,
    apply: (fields: Readonly<Record<string, unknown>>) => {
      counted.tries += 1;
      if (counted.tries <= times) void other();
      return edit.apply(fields);
    },
  };
  return counted;
}

function countUp(state: RealtimeState, field: string) {
  let count = 0;
  return () => state.patch('cart:1', { [field]: { count: (count += 1) } });
}

describe('edits that depend on what they read', () => {
  it('lose nothing when many merge into the same field at once', async () => {
    const { state } = memoryState();
    const edits = Array.from({ length: 5 }, (_, index) => mergePatchEdit({ votes: { [`u${index}`]: true } }));
    await Promise.all(edits.map((edit) => commitEdit(state, 'cart:1', edit, {})));
    const { votes } = (await state.get<{ votes: object }>('cart:1'))!.fields;
    expect(Object.keys(votes).sort()).toEqual(['u0', 'u1', 'u2', 'u3', 'u4']);
  });

  it('are worked out again on what is there then', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { list: ['a'] });
    const append = jsonPatchEdit([{ op: 'add', path: '/list/-', value: 'z' }], LIMITS);
    const edit = overtaken(append, 1, () => state.patch('cart:1', { list: ['a', 'b'] }));
    await commitEdit(state, 'cart:1', edit, {});
    expect((await state.get('cart:1'))?.fields).toEqual({ list: ['a', 'b', 'z'] });
    expect(edit.tries).toBe(2);
  });

  it('do not mind changes of other fields', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { note: { a: 1 } });
    const edit = overtaken(mergePatchEdit({ note: { b: 2 } }), 1, () => state.patch('cart:1', { qty: 3 }));
    await commitEdit(state, 'cart:1', edit, {});
    expect((await state.get('cart:1'))?.fields).toEqual({ note: { a: 1, b: 2 }, qty: 3 });
    expect(edit.tries).toBe(1);
  });

  it('give up with a temporary conflict where others are faster every time', async () => {
    const { state } = memoryState();
    const edit = overtaken(mergePatchEdit({ note: { b: 2 } }), Infinity, countUp(state, 'note'));
    await expect(commitEdit(state, 'cart:1', edit, {})).rejects.toMatchObject({
      code: 'conflict',
      temporary: true,
    });
    expect(edit.tries).toBe(6);
  });

  it('are not tried again where the version asked for has gone', async () => {
    const { state } = memoryState();
    const { version } = await state.patch('cart:1', { note: { a: 1 } });
    const edit = overtaken(mergePatchEdit({ note: { b: 2 } }), Infinity, countUp(state, 'qty'));
    await expect(commitEdit(state, 'cart:1', edit, { ifVersion: version })).rejects.toThrow(
      VersionConflictError,
    );
    expect(edit.tries).toBe(1);
  });

  it('begin no document that must exist, and follow it while it moves', async () => {
    const { state } = memoryState();
    const edit = mergePatchEdit({ qty: 3 });
    await expect(commitEdit(state, 'cart:1', edit, { ifExists: true })).rejects.toMatchObject({
      code: 'conflict',
      exists: false,
    });
    await state.patch('cart:1', { note: 'x' });
    const moving = overtaken(edit, 2, countUp(state, 'other'));
    await commitEdit(state, 'cart:1', moving, { ifExists: true });
    expect((await state.get('cart:1'))?.fields).toMatchObject({ qty: 3, note: 'x' });
    expect(moving.tries).toBe(1);
  });
});
