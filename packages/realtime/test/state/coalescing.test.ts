import { waitFor } from '@nestwire/harness';
import { RealtimeError } from '@nestwire/protocol';
import { VersionConflictError } from '../../src/state/version-conflict.error.js';
import { memoryState } from './fixtures/memory-state.js';

/** Longer than any test: windows end by what is asked for, or by a flush. */
const LONG = { documents: { coalesceMs: 30_000 } };

function offsetOf({ version }: { version: string }): number {
  return Number(version.split('-')[1]);
}

describe('coalescing', () => {
  it('makes one commit of the patches of a window, whose version everybody gets', async () => {
    const { state, counters, follow } = memoryState({ documents: { coalesceMs: 5 } });
    const entries = await follow('cart:1');
    const texts = ['h', 'he', 'hel', 'hell', 'hello'];
    const results = await Promise.all([
      ...texts.map((text) => state.patch('cart:1', { text })),
      state.patch('cart:1', { qty: 1 }),
    ]);
    expect(new Set(results.map(({ version }) => version)).size).toBe(1);
    expect(await state.get('cart:1')).toMatchObject({
      version: results[0].version,
      fields: { text: 'hello', qty: 1 },
    });
    expect(entries.map(({ data }) => JSON.parse(data) as unknown)).toEqual([
      { set: { text: 'hello', qty: 1 }, del: [] },
    ]);
    expect(counters.commits.stored).toBe(1);
  });

  it('keeps the order of a set and a removal of the same field', async () => {
    const { state, commits } = memoryState(LONG);
    const patches = [
      state.patch('cart:1', { a: 1, b: 1 }),
      state.patch('cart:1', {}, { remove: ['a', 'b'] }),
      state.patch('cart:1', { b: 2 }),
    ];
    await commits.idle();
    await Promise.all(patches);
    expect((await state.get('cart:1'))?.fields).toEqual({ b: 2 });
  });

  it('never gathers a patch with ifVersion, which commits what waits before it', async () => {
    const { state, commits } = memoryState(LONG);
    const waits = state.patch('cart:1', { qty: 1 });
    const strict = state.patch('cart:1', { qty: 2 }, { ifVersion: null });
    const late = state.patch('cart:1', { note: 'x' });
    await expect(strict).rejects.toThrow(VersionConflictError);
    expect(offsetOf(await waits)).toBe(1);
    await commits.idle();
    expect(offsetOf(await late)).toBe(2);
  });

  it('begins the next window with a patch that checks a field which the window has changed', async () => {
    const { state, commits } = memoryState(LONG);
    const first = state.patch('cart:1', { qty: 1 });
    const second = state.patch('cart:1', { qty: 2 }, { ifFieldVersions: { qty: null } });
    const outcome = await Promise.allSettled([first, second, commits.idle()]);
    expect(outcome.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await state.get('cart:1'))?.fields).toEqual({ qty: 1 });
  });

  it('tells a conflict to its own caller, with its own fields, and commits the others together', async () => {
    const { state, commits, backend } = memoryState(LONG);
    const start = state.patch('cart:1', { a: 1, b: 1, c: 1 });
    await commits.idle();
    const { version } = await start;
    const commit = import.meta.jest.spyOn(backend.documents, 'commit');
    const [x, stale, other, y] = [
      state.patch('cart:1', { x: 1 }, { ifFieldVersions: { a: version } }),
      state.patch('cart:1', { b: 9 }, { ifFieldVersions: { b: null, a: version } }),
      state.patch('cart:1', { d: 9 }, { ifFieldVersions: { c: null } }),
      state.patch('cart:1', { y: 1 }),
    ];
    const refusals = Promise.all([stale, other].map((patch) => patch.catch((error: unknown) => error)));
    await commits.idle();
    expect((await x).version).toBe((await y).version);
    const [b, c] = (await refusals) as VersionConflictError[];
    expect([Object.keys(b!.fields), Object.keys(c!.fields)]).toEqual([['b'], ['c']]);
    expect((await state.get('cart:1'))?.fields).toEqual({ a: 1, b: 1, c: 1, x: 1, y: 1 });
    expect(commit).toHaveBeenCalledTimes(2);
  });

  it('refuses the patch alone that would make the document too large', async () => {
    const { state, commits } = memoryState({
      documents: { coalesceMs: 30_000, limits: { maxDocumentFields: 2 } },
    });
    const patches = [
      state.patch('cart:1', { a: 1 }),
      state.patch('cart:1', { b: 1, c: 1 }),
      state.patch('cart:1', { d: 1 }),
    ];
    const outcomes = Promise.allSettled(patches);
    await commits.idle();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(patches[1]).rejects.toMatchObject({ code: 'too_large' });
    expect((await state.get('cart:1'))?.fields).toEqual({ a: 1, d: 1 });
  });

  it('bounds a window by the bytes of an event and by the number of fields', async () => {
    const { state, commits, counters } = memoryState({ ...LONG, limits: { maxEventBytes: 1_000 } });
    const text = 'x'.repeat(600);
    const large = ['a', 'b', 'c'].map((name) => state.patch('cart:1', { [name]: text }));
    const many = Array.from({ length: 1_001 }, (_, index) =>
      state.patch('cart:2', { [`f${index % 1_001}`]: 1 }),
    );
    await commits.idle();
    expect((await Promise.all(large)).map(offsetOf)).toEqual([1, 2, 3]);
    await Promise.all(many);
    expect(counters.commits.stored).toBeGreaterThan(3);
    expect(Object.keys((await state.get('cart:2'))!.fields)).toHaveLength(1_001);
  });

  it('keeps patches with different correlation ids apart', async () => {
    const { state, commits, follow } = memoryState(LONG);
    const entries = await follow('cart:1');
    const patches = ['x', 'x', 'y'].map((correlationId, index) =>
      state.patch('cart:1', { [`f${index}`]: 1 }, { correlationId }),
    );
    await commits.idle();
    await Promise.all(patches);
    expect(entries.map(({ correlationId }) => correlationId)).toEqual(['x', 'y']);
  });

  it('tells everybody of a window that the backend has failed, and goes on with the next', async () => {
    const { state, commits, backend } = memoryState(LONG);
    const failure = new RealtimeError('unavailable', 'away');
    import.meta.jest.spyOn(backend.documents, 'commit').mockRejectedValueOnce(failure);
    const lost = Promise.allSettled([state.patch('cart:1', { a: 1 }), state.patch('cart:1', { b: 1 })]);
    await commits.idle();
    expect(await lost).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    const next = state.patch('cart:1', { c: 1 });
    await commits.idle();
    expect(offsetOf(await next)).toBe(1);
  });

  it('waits for a backend that is away once, not once for each window', async () => {
    const { state, commits, counters, backend } = memoryState(LONG);
    let giveUp = (): void => {};
    const away = new Promise<never>((_, reject) => {
      giveUp = () => reject(new RealtimeError('unavailable', 'away', { details: { outcome: 'unknown' } }));
    });
    const commit = import.meta.jest.spyOn(backend.documents, 'commit').mockReturnValueOnce(away);
    // Each of these ends the window before it.
    const patches = [1, 2, 3].map((qty) =>
      state.patch('cart:1', { qty }, { ifFieldVersions: { qty: null } }),
    );
    const idle = commits.idle();
    const waitedMs = performance.now() + 20;
    await waitFor(() => commit.mock.calls.length === 1 && performance.now() > waitedMs);
    giveUp();
    const outcomes = (await Promise.allSettled(patches)) as PromiseRejectedResult[];
    expect(outcomes.map(({ reason }) => reason as unknown)).toMatchObject([
      { code: 'unavailable', details: { outcome: 'unknown' } },
      { code: 'unavailable', details: undefined },
      { code: 'unavailable', details: undefined },
    ]);
    expect(commit).toHaveBeenCalledTimes(1);
    expect(counters.commits.unavailable).toBe(3);
    await idle;
  });

  it('increments and updates of one field in one window lose nothing', async () => {
    const { state } = memoryState({ documents: { coalesceMs: 1 } });
    await Promise.all(Array.from({ length: 4 }, () => state.increment('cart:1', 'qty')));
    expect((await state.get('cart:1'))?.fields).toEqual({ qty: 4 });
  });

  it('ends when the node drains: what waits is committed, and what comes after at once', async () => {
    const { state, commits } = memoryState(LONG);
    const waits = state.patch('cart:1', { qty: 1 });
    await commits.beforeApplicationShutdown();
    expect(offsetOf(await waits)).toBe(1);
    expect(offsetOf(await state.patch('cart:1', { qty: 2 }))).toBe(2);
  });
});
