import { memoryState } from './fixtures/memory-state.js';

describe('bounds of a document', () => {
  it('a field has so many bytes, in UTF-8', async () => {
    const { state } = memoryState({ documents: { limits: { maxFieldBytes: 10 } } });
    await state.patch('cart:1', { a: 'x'.repeat(8) });
    const refused = { code: 'too_large', details: { field: 'b' } };
    await expect(state.patch('cart:1', { a: 1, b: 'ü'.repeat(5) })).rejects.toMatchObject(refused);
    expect((await state.get('cart:1'))?.fields).toEqual({ a: 'x'.repeat(8) });
  });

  it('all fields together grow to so many bytes and fields, whichever way in', async () => {
    const { state, counters } = memoryState({ limits: { maxDocumentBytes: 30, maxDocumentFields: 2 } });
    await state.patch('cart:1', { a: 'x'.repeat(20) });
    const before = await state.get('cart:1');
    const ways = [
      () => state.patch('cart:1', { b: 'y'.repeat(20) }),
      () => state.merge('cart:1', { b: { c: 1, d: 2 } }),
      () => state.apply('cart:1', [{ op: 'copy', from: '/a', path: '/b' }]),
      () => state.update('cart:1', (draft) => void Object.assign(draft, { b: 1, c: 2 })),
      () => state.replace('cart:1', { x: 1, y: 2, z: 3 }),
    ];
    for (const way of ways) await expect(way()).rejects.toMatchObject({ code: 'too_large' });
    expect(await state.get('cart:1')).toEqual(before);
    expect(counters.commits).toMatchObject({ stored: 1, failed: 0 });
    expect(counters.commits.too_large).toBeGreaterThan(0);
  });

  it('a field is nested so deep', async () => {
    const { state } = memoryState({ documents: { limits: { maxNesting: 2 } } });
    await state.patch('cart:1', { a: [[1]] });
    await expect(state.patch('cart:1', { a: [[[1]]] })).rejects.toMatchObject({ code: 'bad_request' });
    await expect(state.apply('cart:1', [{ op: 'add', path: '/a/0/0', value: [1] }])).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect((await state.get('cart:1'))?.fields).toEqual({ a: [[1]] });
  });

  it.each([
    [{ coalesceMs: -1 }, 'coalesceMs of a test'],
    [{ coalesceMs: 1.5 }, 'coalesceMs of a test'],
    [{ limits: { maxFieldBytes: 0 } }, 'maxFieldBytes'],
    [{ limits: { maxQueuedBytes: 1 } }, 'maxQueuedBytes'],
    [{ requireVersion: 'yes' }, 'requireVersion of a test'],
    [{ type: 'Cart' }, 'the type of a test'],
    [{ coalesce: 1 }, 'coalesce'],
  ])('the options %j stop the application', (documents, message) => {
    expect(() => memoryState({ documents: documents as object })).toThrow(message);
  });
});
