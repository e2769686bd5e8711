import { waitFor } from '@nestwire/harness';
import { memoryBackend, RealtimeDocument, type StateSink } from '../../src/index.js';
import { startApp } from '../support/start-app.js';
import { MemorySink } from './fixtures/memory-sink.js';

const INTERVAL_MS = 100;

@RealtimeDocument('saved:{id}', { sink: { intervalMs: INTERVAL_MS } })
class SavedDocuments {
  canRead() {
    return true;
  }
}

@RealtimeDocument('lasting:{id}', { sink: { intervalMs: 600_000 } })
class LastingDocuments {}

const policies = [SavedDocuments, LastingDocuments];

function node(stateSink: StateSink, backend = memoryBackend(), errors: unknown[] = []) {
  return startApp({ policies, options: { backend, stateSink, onError: (error) => errors.push(error) } });
}

describe('a document with a sink', () => {
  it('is saved at its latest version within the interval, and no more often', async () => {
    const sink = new MemorySink();
    await using app = await node(sink);
    const begin = performance.now();
    for (let n = 1; n <= 50; n += 1) {
      await app.state.patch('saved:a', { n });
      if (n % 10 === 0) await waitFor(() => performance.now() - begin > n * 6, { what: 'time to pass' });
    }
    await waitFor(() => (sink.fields('saved:a') as { n: number } | undefined)?.n === 50, {
      what: 'the latest version to be saved',
    });
    expect(sink.rows.get('saved:a')!.version).toBe((await app.state.get('saved:a'))!.version);
    expect(sink.savedAt.length).toBeLessThanOrEqual((performance.now() - begin) / INTERVAL_MS + 1);
  });

  it('is no more often saved where two nodes change it', async () => {
    const sink = new MemorySink();
    const backend = memoryBackend();
    await using one = await node(sink, backend);
    await using two = await node(sink, backend);
    const begin = performance.now();
    for (let n = 1; n <= 10; n += 1) {
      await Promise.all([one.state.patch('saved:a', { one: n }), two.state.patch('saved:a', { two: n })]);
      await waitFor(() => performance.now() - begin > n * 30, { what: 'time to pass' });
    }
    await waitFor(() => JSON.stringify(sink.fields('saved:a')) === '{"one":10,"two":10}', { what: 'a save' });
    expect(sink.savedAt.length).toBeLessThanOrEqual((performance.now() - begin) / INTERVAL_MS + 1);
  });

  it('is saved when the sink is back, and the error hook hears that it was away', async () => {
    const sink = new MemorySink();
    const errors: unknown[] = [];
    await using app = await node(sink, undefined, errors);
    sink.failing = true;
    await app.state.patch('lasting:warm', { n: 0 }).catch(() => undefined);
    sink.failing = false;
    await Promise.all(Array.from({ length: 20 }, (_, n) => app.state.patch(`saved:${n}`, { n })));
    sink.failing = true;
    await waitFor(() => errors.length >= 3, { what: 'some saves to fail' });
    await app.state.patch('saved:3', { n: 'later' });
    sink.failing = false;
    await waitFor(() => sink.rows.size === 20, { timeoutMs: 15_000, what: 'all to be saved' });
    await waitFor(() => JSON.stringify(sink.fields('saved:3')) === '{"n":"later"}', { what: 'the latest' });
    expect(String(errors[0])).toContain('the database is down');
  });

  it('that changes faster than the sink saves is saved at its latest version in the end', async () => {
    const sink = new MemorySink();
    await using app = await node(sink);
    await app.state.patch('saved:a', { n: 0 });
    let open!: () => void;
    sink.gate = new Promise<void>((resolve) => (open = resolve));
    for (let n = 1; n <= 200; n += 1) await app.state.patch('saved:a', { n });
    open();
    await waitFor(() => JSON.stringify(sink.fields('saved:a')) === '{"n":200}', { what: 'the last save' });
    expect(sink.savedAt.length).toBeLessThan(200);
  });

  it('is removed from it when it was removed, and an older save does not bring it back', async () => {
    const sink = new MemorySink();
    await using app = await node(sink);
    await app.state.patch('saved:a', { n: 1 });
    await waitFor(() => sink.rows.size === 1, { what: 'a save' });
    await app.state.delete('saved:a');
    expect(await app.state.get('saved:a')).toBeUndefined();
    await waitFor(() => sink.rows.get('saved:a')!.fields === null, { what: 'the removal to be saved' });
    expect(await app.state.get('saved:a')).toBeUndefined();
  });

  it('is saved when the node drains, and the sink is closed after it', async () => {
    const sink = new MemorySink();
    const app = await node(sink);
    await Promise.all(Array.from({ length: 150 }, (_, n) => app.state.patch(`lasting:${n}`, { n })));
    expect(sink.rows.size).toBe(0);
    await app.close();
    expect([sink.rows.size, sink.fields('lasting:149'), sink.closed]).toEqual([150, { n: 149 }, true]);
  });

  it('needs a sink of the module', async () => {
    await expect(startApp({ policies })).rejects.toThrow(/SavedDocuments have a sink.*"stateSink"/);
  });
});

describe('a document that the backend does not have', () => {
  it('is loaded once, however many read and change it at the same time on two nodes', async () => {
    const sink = new MemorySink();
    sink.put('saved:a', { kept: 1 });
    const backend = memoryBackend();
    await using one = await node(sink, backend);
    await using two = await node(sink, backend);
    let open!: () => void;
    sink.gate = new Promise<void>((resolve) => (open = resolve));
    const reads = [one, two].flatMap((app) => Array.from({ length: 20 }, () => app.state.get('saved:a')));
    const patches = [one, two].map((app, n) => app.state.patch('saved:a', { [`of${n}`]: n }));
    await waitFor(() => sink.loads.length === 2, { what: 'both nodes to load' });
    open();
    for (const snapshot of await Promise.all(reads)) expect(snapshot!.fields).toMatchObject({ kept: 1 });
    await Promise.all(patches);
    expect((await one.state.get('saved:a'))!.fields).toEqual({ kept: 1, of0: 0, of1: 1 });
    expect(sink.loads).toHaveLength(2);
  });

  it('is not written to where the sink cannot say whether it has it', async () => {
    const sink = new MemorySink();
    await using app = await node(sink);
    sink.failing = true;
    await expect(app.state.patch('saved:a', { n: 1 })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(app.state.get('saved:a')).rejects.toMatchObject({ code: 'unavailable' });
    sink.failing = false;
    await app.state.patch('saved:a', { n: 2 });
    expect((await app.state.get('saved:a'))!.fields).toEqual({ n: 2 });
  });

  it('conflicts with a patch that wants none to be there', async () => {
    const sink = new MemorySink();
    sink.put('saved:a', { n: 1 });
    await using app = await node(sink);
    await expect(app.state.patch('saved:a', { n: 2 }, { ifVersion: null })).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});
