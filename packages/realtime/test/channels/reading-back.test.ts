import { type Backend, memoryBackend, RealtimeChannel } from '../../src/index.js';
import { SseClient } from '../support/sse-client.js';
import { startApp } from '../support/start-app.js';

@RealtimeChannel('deep:{name}', { history: { size: 1_000, ttlMs: 60_000 } })
class DeepHistory {
  canSubscribe(): boolean {
    return true;
  }
}

/** Counts the entries that are read from the log, in how many answers, and the most bytes of one. */
function counted(backend: Backend): { entries: number; answers: number; mostBytes: number } {
  const counts = { entries: 0, answers: 0, mostBytes: 0 };
  for (const method of ['read', 'readKept'] as const) {
    const original = backend.log[method].bind(backend.log) as (...args: unknown[]) => Promise<object>;
    const count = async (...args: unknown[]): Promise<object> => {
      const page = await original(...args);
      const { entries = [] } = page as { entries?: { data: string }[] };
      counts.entries += entries.length;
      counts.answers += 1;
      counts.mostBytes = Math.max(
        counts.mostBytes,
        entries.reduce((sum, { data }) => sum + data.length, 0),
      );
      return page;
    };
    Object.assign(backend.log, { [method]: count });
  }
  return counts;
}

/** Everybody has gone for a while; then so many come back at once for so many events. Answers what that has read. */
async function comeBack(clients: number, events: number, data: string, maxTailBytes: number) {
  const backend = memoryBackend();
  await using app = await startApp({
    options: { backend, limits: { maxTailBytes } },
    policies: [DeepHistory],
  });
  const first = await SseClient.connect(app.url, 'deep:a');
  first.destroy();
  await app.idle();
  for (let i = 0; i < events; i += 1) await app.realtime.publish('deep:a', 'e', data);

  const counts = counted(backend);
  const all = await Promise.all(
    Array.from({ length: clients }, () =>
      SseClient.connect(app.url, 'deep:a', { lastEventId: first.cursor! }),
    ),
  );
  for (const client of all) {
    await client.received('deep:a', events, { timeoutMs: 15_000 });
    expect(client.ready.channels).toEqual({ 'deep:a': { recovered: true, replay: events } });
    client.destroy();
  }
  return counts;
}

describe('reading back', () => {
  it('takes from the log once what many come back for at once', async () => {
    const { entries } = await comeBack(20, 900, 'x', 64 * 1024 * 1024);

    expect(entries).toBeLessThan(1_000);
  });

  it('takes each entry about once where the node may not keep so much', async () => {
    const { entries, mostBytes } = await comeBack(1, 900, 'x'.repeat(10_000), 1024 * 1024);

    expect(entries).toBeLessThan(2 * 900);
    expect(mostBytes).toBeLessThan(4 * 1024 * 1024);
  });

  it('takes little at a time where events are large', async () => {
    const { entries, mostBytes } = await comeBack(1, 300, 'x'.repeat(200_000), 64 * 1024 * 1024);

    expect(entries).toBeLessThan(2 * 300);
    expect(mostBytes).toBeLessThan(25 * 1024 * 1024);
  });

  it("recovers what the backend still has, though its clock is far behind the node's", async () => {
    const backend = memoryBackend({ now: () => Date.now() - 3_600_000, monotonic: () => performance.now() });
    await using app = await startApp({ options: { backend, history: { size: 10 } } });
    const early = await SseClient.connect(app.url, 'open:a');
    early.destroy();
    for (let i = 1; i <= 5; i += 1) await app.realtime.publish('open:a', 'e', i);
    const late = await SseClient.connect(app.url, 'open:a');
    late.destroy();
    await app.idle();
    for (let i = 6; i <= 15; i += 1) await app.realtime.publish('open:a', 'e', i);

    using lost = await SseClient.connect(app.url, 'open:a', { lastEventId: early.cursor! });
    using client = await SseClient.connect(app.url, 'open:a', { lastEventId: late.cursor! });
    await client.received('open:a', 10);
    expect(lost.ready.channels).toEqual({ 'open:a': { recovered: false, replay: 0 } });
    expect(client.ready.channels).toEqual({ 'open:a': { recovered: true, replay: 10 } });
  });
});
