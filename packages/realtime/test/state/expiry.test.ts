import { waitFor } from '@nestwire/harness';
import { type ExpiredDocument, memoryBackend, RealtimeDocument } from '../../src/index.js';
import { SseClient } from '../support/sse-client.js';
import { startApp } from '../support/start-app.js';
import { MemorySink } from './fixtures/memory-sink.js';

const expired: ExpiredDocument[] = [];
let failures = 0;

@RealtimeDocument('idle:{id}', { ttlMs: 1_000 })
class IdleDocuments {
  canRead() {
    return true;
  }

  onExpire(document: ExpiredDocument): void {
    if (failures-- > 0) throw new Error('the hook has failed');
    expired.push(document);
  }
}

@RealtimeDocument('evicted:{id}', { ttlMs: 1_000, sink: { intervalMs: 600_000 } })
class EvictedDocuments {}

const policies = [IdleDocuments, EvictedDocuments];

describe('a document with a time to live', () => {
  beforeEach(() => {
    expired.length = 0;
    failures = 0;
  });

  it('is removed when it is idle: one node tells its policy, and those who follow it get the patch', async () => {
    const options = { backend: memoryBackend(), stateSink: new MemorySink() };
    await using one = await startApp({ policies, options });
    await using two = await startApp({ policies, options });
    await one.state.patch('idle:a', { n: 1, m: [2] });
    using client = await SseClient.connect(two.url, '$state:idle:a');
    await waitFor(() => expired.length > 0, { what: 'the document to expire' });
    expect(expired).toEqual([{ id: 'idle:a', params: { id: 'a' }, fields: { n: 1, m: [2] } }]);
    await client.until(
      () =>
        client.events().some(({ event, d }) => event === 'state.patch' && JSON.stringify(d).includes('"m"')),
      'the patch that removes it',
    );
    expect(await two.state.get('idle:a')).toBeUndefined();
  });

  it('lives while it is read or changed', async () => {
    await using app = await startApp({ policies, options: { stateSink: new MemorySink() } });
    await app.state.patch('idle:a', { n: 0 });
    const begin = performance.now();
    let n = 0;
    await waitFor(
      async () => {
        await (n++ % 2 ? app.state.get('idle:a') : app.state.patch('idle:a', { n }));
        return performance.now() - begin > 2_500;
      },
      { what: 'more than twice its time' },
    );
    expect(expired).toEqual([]);
    expect(await app.state.get('idle:a')).toBeDefined();
  });

  it('is removed soon, though thousands are idle at the same time', async () => {
    await using app = await startApp({ policies, options: { stateSink: new MemorySink() } });
    const ids = Array.from({ length: 2_000 }, (_, number) => `idle:${number}`);
    await Promise.all(ids.map((id) => app.state.patch(id, { n: 1 })));
    await waitFor(() => expired.length === ids.length, { what: 'all of them to expire', timeoutMs: 5_000 });
    expect(new Set(expired.map(({ id }) => id)).size).toBe(ids.length);
  });

  it('is saved to its sink before it leaves the backend, and is loaded again', async () => {
    const sink = new MemorySink();
    await using app = await startApp({ policies, options: { stateSink: sink } });
    await app.state.patch('evicted:a', { n: 1 });
    await waitFor(async () => (await app.backend.documents.read('evicted:a')) === undefined, {
      what: 'the document to leave the backend',
    });
    expect(sink.fields('evicted:a')).toEqual({ n: 1 });
    expect((await app.state.get('evicted:a'))!.fields).toEqual({ n: 1 });
  });
});
