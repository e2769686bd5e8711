import type { CloseNotice } from '@nestwire/protocol';
import { memoryBackend, type RealtimeModuleOptions } from '../../src/index.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { engineOf, PollingClient, ServerProbe, webSocketOf } from './support.js';

const options = (): RealtimeModuleOptions => ({
  backend: memoryBackend(),
  drainSpreadMs: 1_000,
  history: { size: 1_000, ttlMs: 60_000 },
});

describe('a node that shuts down', () => {
  it.each([[['websocket']], [['polling']]])(
    'tells clients over %j to come back, which do so by themselves and miss nothing',
    async (transports) => {
      const shared = options();
      const before = await startApp({ options: shared });
      const port = Number(new URL(before.url).port);
      const other = await startApp({ options: shared });
      using client = await SocketClient.connect(before.url, { transports });
      await client.follow('open:news');
      await other.realtime.publish('open:news', 'said', 'before');
      await client.received('open:news', 1);

      await before.close();
      await other.realtime.publish('open:news', 'said', 'meanwhile');
      await client.until(() => client.disconnects.length === 1);

      expect(client.control('drain')).toEqual([{ retryAfterMs: expect.any(Number) }]);
      expect(client.close).toEqual({ code: 'draining', reconnect: true, retryAfterMs: expect.any(Number) });
      expect(client.close!.retryAfterMs).toBe(client.control<CloseNotice>('drain')[0]!.retryAfterMs);
      expect(client.close!.retryAfterMs).toBeGreaterThanOrEqual(100);
      expect(client.close!.retryAfterMs).toBeLessThanOrEqual(1_000);
      expect(client.io.active).toBe(true);

      const after = await startApp({ options: shared, port });
      await client.until(() => client.control('ready').length === 2, 'the second ready');
      await client.follow('open:news', client.position('open:news'));
      await client.received('open:news', 2);
      expect(client.envelopes('open:news').map(({ d, r }) => [d, r])).toEqual([
        ['before', undefined],
        ['meanwhile', 1],
      ]);
      client.io.disconnect();
      await Promise.all([after.close(), other.close()]);
    },
  );

  it('sends what it has before it goes', async () => {
    const app = await startApp({ options: options() });
    using client = await SocketClient.connect(app.url, { reconnection: false });
    await client.follow('open:last');

    const events = Array.from({ length: 20 }, () => ({
      channel: 'open:last',
      event: 'said',
      data: 'x'.repeat(10_000),
    }));
    await app.realtime.publishMany(events);
    await new Promise(setImmediate);
    await app.close();

    await client.until(() => client.disconnects.length === 1);
    expect(client.offsets('open:last')).toHaveLength(20);
    expect(client.heard.at(-1)).toMatchObject({ kind: 'control', name: 'close' });
  });

  it.each([
    ['has read nothing for a while', 200_000],
    ['has just stopped reading', 0],
  ])('does not wait long for a client that %s', async (_, queued) => {
    const app = await startApp({ providers: [ServerProbe], options: options() });
    using client = await SocketClient.connect(app.url, { reconnection: false });
    await client.follow('open:stuck');
    await stall(app, client, queued);
    const { socket } = engineOf(app, client).transport;

    expect(await timeOf(() => app.close())).toBeLessThan(4_000);
    expect(socket.readyState).toBe(socket.CLOSED);
  });

  it('does not wait long for a client that does not poll any more', async () => {
    const app = await startApp({ options: options() });
    const client = new PollingClient(app.url);
    await client.join();

    // One poll is waiting; it is answered with the last word, and no other comes.
    const last = client.poll();
    const duration = await timeOf(() => app.close());

    expect(await (await last).text()).toContain('drain');
    expect(duration).toBeLessThan(4_000);
  });

  it('lets nobody in while it drains', async () => {
    const app = await startApp({ providers: [ServerProbe], options: options() });
    using stuck = await SocketClient.connect(app.url, { reconnection: false });
    await stuck.follow('open:stuck');
    await stall(app, stuck, 200_000);
    const closing = app.close();

    using late = new SocketClient(app.url);
    let refused = 0;
    late.io.io.on('close', () => (refused += 1));
    late.io.io.on('reconnect_attempt', () => (refused += 1));
    late.io.io.on('error', () => (refused += 1));
    await late.until(() => refused > 0);

    expect(late.control('ready')).toEqual([]);
    expect(late.io.active).toBe(true);
    await closing;
  });
});

/** Stops reading, and has at least so many bytes wait for it. */
async function stall(app: RunningApp, client: SocketClient, bytes: number): Promise<void> {
  const { outlet } = app.connections.get(client.ready.connection)!;
  webSocketOf(client).pause();
  while (outlet.queuedBytes() < bytes) {
    await app.realtime.publish('open:stuck', 'said', 'x'.repeat(50_000));
    await new Promise(setImmediate);
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
