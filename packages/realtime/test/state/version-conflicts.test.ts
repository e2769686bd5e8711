import { VersionConflictError } from '../../src/state/version-conflict.error.js';
import { memoryState } from './fixtures/memory-state.js';

async function conflictOf(patch: Promise<unknown>): Promise<VersionConflictError> {
  const error: unknown = await patch.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(VersionConflictError);
  return error as VersionConflictError;
}

describe('version conflicts', () => {
  it('a patch with the current version is committed', async () => {
    const { state } = memoryState();
    const { version } = await state.patch('cart:1', { qty: 3 });
    await expect(state.patch('cart:1', { qty: 4 }, { ifVersion: version })).resolves.toMatchObject({
      changed: true,
    });
  });

  it('a patch with an earlier version changes nothing, and shows what stands there now', async () => {
    const { state, follow } = memoryState();
    const first = await state.patch('cart:1', { qty: 3, note: 'x' });
    const second = await state.patch('cart:1', { qty: 4 });
    const entries = await follow('cart:1');
    const conflict = await conflictOf(
      state.patch('cart:1', { qty: 9, color: 'red' }, { remove: ['note'], ifVersion: first.version }),
    );
    const details = {
      version: second.version,
      fields: { qty: { value: 4, version: second.version }, note: { value: 'x', version: first.version } },
      missing: ['color'],
    };
    expect(conflict).toMatchObject(details);
    expect(conflict.toBody()).toMatchObject({ code: 'conflict', temporary: false, details });
    expect((await state.get('cart:1'))?.fields).toEqual({ qty: 4, note: 'x' });
    expect(entries).toEqual([]);
  });

  it('of two patches with the same version one is committed', async () => {
    const { state } = memoryState();
    const { version } = await state.patch('cart:1', { qty: 3 });
    const outcomes = await Promise.allSettled(
      [4, 5].map((qty) => state.patch('cart:1', { qty }, { ifVersion: version })),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('a patch that must begin the document is refused where it exists', async () => {
    const { state } = memoryState();
    const { version } = await state.patch('cart:1', { qty: 3 }, { ifVersion: null });
    const conflict = await conflictOf(state.patch('cart:1', { qty: 4 }, { ifVersion: null }));
    expect(conflict.fields).toEqual({ qty: { value: 3, version } });
  });

  it('field versions guard their fields alone', async () => {
    const { state } = memoryState();
    const first = await state.patch('cart:1', { qty: 3, note: 'x' });
    await state.patch('cart:1', { note: 'y' });
    await state.patch('cart:1', { qty: 4 }, { ifFieldVersions: { qty: first.version, color: null } });
    expect((await state.get('cart:1'))?.fields).toEqual({ qty: 4, note: 'y' });
  });

  it('a failed field version names the fields that differ, the missing ones too', async () => {
    const { state } = memoryState();
    const first = await state.patch('cart:1', { qty: 3, note: 'x', color: 'red' });
    const second = await state.patch('cart:1', { note: 'y' }, { remove: ['color'] });
    const guard = { qty: first.version, note: first.version, color: first.version };
    const conflict = await conflictOf(state.patch('cart:1', { qty: 9 }, { ifFieldVersions: guard }));
    expect(conflict.version).toBe(second.version);
    expect(conflict.fields).toEqual({ note: { value: 'y', version: second.version } });
    expect(conflict.missing).toEqual(['color']);
    expect((await state.get('cart:1'))?.fields).toEqual({ qty: 3, note: 'y' });
  });

  it('a field that must not exist yet is refused where it does', async () => {
    const { state } = memoryState();
    const { version } = await state.patch('cart:1', { qty: 3 });
    const conflict = await conflictOf(state.patch('cart:1', { qty: 4 }, { ifFieldVersions: { qty: null } }));
    expect(conflict.fields).toEqual({ qty: { value: 3, version } });
  });

  it('a version of an earlier life of the document never passes', async () => {
    const { backend, state } = memoryState();
    const { version } = await state.patch('cart:1', { qty: 3 });
    await backend.log.rotate('$state:cart:1', version.split('-')[0]!, { size: 10, ttlMs: 1_000 });
    await state.patch('cart:1', { qty: 3 });
    for (const guard of [{ ifVersion: version }, { ifFieldVersions: { qty: version } }]) {
      await expect(state.patch('cart:1', { qty: 4 }, guard)).rejects.toThrow(VersionConflictError);
    }
  });
});
