import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { SteadyPublisher } from '../support/steady-publisher.js';

describe('Socket.IO over HTTP long polling', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ options: { history: { size: 50_000, ttlMs: 60_000 } } });
  });

  afterAll(() => app.close());

  it('brings the same as WebSocket: answers first, every event once, in order', async () => {
    await using load = new SteadyPublisher(app.realtime, 'open:poll');
    using client = await SocketClient.connect(app.url, { transports: ['polling'] });

    await client.follow('open:poll');
    await client.received('open:poll', 300);

    expect(client.heard.map(({ kind }) => kind).slice(0, 3)).toEqual(['control', 'answer', 'events']);
    assertGapless(client.offsets('open:poll'));
    expect(client.io.io.engine.transport.name).toBe('polling');
    expect(load.count).toBeGreaterThan(0);
  });

  it.each(['json', 'msgpack'])('upgrades to WebSocket in the middle of a stream of %s', async (encoding) => {
    await using load = new SteadyPublisher(app.realtime, 'open:upgrade');

    for (let i = 0; i < 10; i += 1) {
      using client = await SocketClient.connect(app.url, {
        transports: ['polling', 'websocket'],
        auth: { encoding },
      });
      await client.follow('open:upgrade');
      const { engine } = client.io.io;
      await client.until(() => engine.transport.name === 'websocket', 'the upgrade');
      const seen = client.offsets('open:upgrade').length;
      await client.received('open:upgrade', seen + 100);

      assertGapless(client.offsets('open:upgrade'));
      const { outlet } = app.connections.get(client.ready.connection)!;
      expect(outlet.sentBytes()).toBeGreaterThan(0);
    }

    expect(load.count).toBeGreaterThan(1_000);
  });

  it('knows after an upgrade how much is waiting', async () => {
    using client = await SocketClient.connect(app.url, { transports: ['polling', 'websocket'] });
    await client.follow('open:waiting');
    await client.until(() => client.io.io.engine.transport.name === 'websocket', 'the upgrade');
    for (let i = 0; i < 20; i += 1) await app.realtime.publish('open:waiting', 'said', 'x'.repeat(10_000));
    await client.received('open:waiting', 20);

    const { outlet } = app.connections.get(client.ready.connection)!;
    await client.until(() => outlet.queuedBytes() === 0, 'nothing to be waiting');
    expect(outlet.sentBytes()).toBeGreaterThan(200_000);
  });

  it('resumes over WebSocket what it began over polling', async () => {
    using polling = await SocketClient.connect(app.url, { transports: ['polling'] });
    await polling.follow('open:move');
    await app.realtime.publish('open:move', 'said', 1);
    await polling.received('open:move', 1);
    polling.io.disconnect();
    await app.realtime.publish('open:move', 'said', 2);

    using socket = await SocketClient.connect(app.url);
    await socket.follow('open:move', polling.position('open:move'));
    await socket.received('open:move', 1);

    expect(socket.envelopes('open:move').map(({ d }) => d)).toEqual([2]);
  });
});

function assertGapless(offsets: readonly number[]): void {
  expect(offsets).toEqual(Array.from({ length: offsets.length }, (_, i) => offsets[0]! + i));
}
