import { applyPatch, decodeVersion, type StatePatch } from '@nestwire/protocol';
import { snapshotText } from '../../src/state/document-snapshot.js';
import { memoryState } from './fixtures/memory-state.js';

describe('reading and patching a document', () => {
  it('a document that was never written does not exist', async () => {
    const { state } = memoryState();
    expect(await state.get('cart:1')).toBeUndefined();
  });

  it('what was patched is read back, with a version for the document and each field', async () => {
    const { state } = memoryState();
    const { version } = await state.patch('cart:1', { qty: 3, note: { text: 'x', tags: [] } });
    expect(await state.get('cart:1')).toEqual({
      id: 'cart:1',
      version,
      fields: { qty: 3, note: { text: 'x', tags: [] } },
      fieldVersions: { qty: version, note: version },
    });
  });

  it('patches of different fields merge', async () => {
    const { state } = memoryState();
    const first = await state.patch('cart:1', { qty: 3 });
    const [second] = await Promise.all([
      state.patch('cart:1', { note: 'x' }),
      state.patch('cart:1', { color: 'red' }),
    ]);
    const document = await state.get('cart:1');
    expect(document?.fields).toEqual({ qty: 3, note: 'x', color: 'red' });
    expect(document?.fieldVersions).toMatchObject({ qty: first.version, note: second.version });
  });

  it('null is a value of a field', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { note: null });
    expect((await state.get('cart:1'))?.fields).toEqual({ note: null });
  });

  it('only the fields asked for are read; those that do not exist are passed over', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 3, note: 'x' });
    const document = await state.get('cart:1', ['qty', 'color', 'toString']);
    expect(document?.fields).toEqual({ qty: 3 });
    expect(Object.keys(document!.fieldVersions)).toEqual(['qty']);
  });

  it('removed fields are gone; removing one that does not exist is no change', async () => {
    const { state } = memoryState();
    const { version } = await state.patch('cart:1', { qty: 3, note: 'x' });
    expect(await state.patch('cart:1', {}, { remove: ['color'] })).toEqual({ version, changed: false });
    expect(await state.patch('cart:1', {}, { remove: ['note', 'color'] })).toMatchObject({ changed: true });
    expect((await state.get('cart:1'))?.fields).toEqual({ qty: 3 });
  });

  it('a document ends with its last field, and its next life is at a later version', async () => {
    const { state } = memoryState();
    await state.patch('cart:1', { qty: 3 });
    const ended = await state.patch('cart:1', {}, { remove: ['qty'] });
    expect(await state.get('cart:1')).toBeUndefined();
    const born = await state.patch('cart:1', { qty: 4 }, { ifVersion: null });
    expect(decodeVersion(born.version)!.offset).toBe(decodeVersion(ended.version)!.offset + 1);
  });

  it('writing what is there already makes no version and tells nobody', async () => {
    const { state, follow } = memoryState();
    const { version } = await state.patch('cart:1', { qty: 3, note: { a: 1 } });
    const entries = await follow('cart:1');
    expect(await state.patch('cart:1', { qty: 3, note: { a: 1 } })).toEqual({ version, changed: false });
    expect(entries).toEqual([]);
  });

  it('followers get what changed and no more, with the correlation id, and fold it to the document', async () => {
    const { state, follow } = memoryState();
    const before = await state.patch('cart:1', { qty: 3, note: 'x', color: 'red' });
    const entries = await follow('cart:1');
    const { version } = await state.patch(
      'cart:1',
      { qty: 4, note: 'x' },
      { remove: ['color', 'size'], correlationId: 'req-1', ifVersion: before.version },
    );
    expect(entries).toHaveLength(1);
    const patch = JSON.parse(entries[0]!.data) as StatePatch;
    expect(entries[0]).toMatchObject({
      event: 'state.patch',
      correlationId: 'req-1',
      ...decodeVersion(version),
    });
    expect(patch).toEqual({ set: { qty: 4 }, del: ['color'] });
    expect(applyPatch({ qty: 3, note: 'x', color: 'red' }, patch)).toEqual(
      (await state.get('cart:1'))?.fields,
    );
  });

  it('a snapshot is the text of the fields, whatever they are called', async () => {
    const { backend, state } = memoryState();
    const fields = { qty: 3, 'a "quoted" name': [1, { b: null }], ünï: 'x' };
    await state.patch('cart:1', fields);
    const stored = await backend.documents.read('cart:1');
    expect(JSON.parse(snapshotText(stored!))).toEqual(fields);
    expect(snapshotText({ fields: new Map() })).toBe('{}');
  });
});
