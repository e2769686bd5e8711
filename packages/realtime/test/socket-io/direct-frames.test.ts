import type { EventEmitter } from 'node:events';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { engineOf, ServerProbe, webSocketOf } from './support.js';

describe('events on an open WebSocket', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ providers: [ServerProbe] });
  });

  afterAll(() => app.close());

  /** Counts the packets that Engine.IO makes for the client from now on. */
  function packetsOf(client: SocketClient): { count: number } {
    const packets = { count: 0 };
    (engineOf(app, client) as unknown as EventEmitter).on('packetCreate', () => (packets.count += 1));
    return packets;
  }

  it.each(['json', 'msgpack'])('cost no packet of Engine.IO, as %s', async (encoding) => {
    using client = await SocketClient.connect(app.url, { auth: { encoding } });
    await client.follow('open:news');
    const packets = packetsOf(client);

    for (let n = 0; n < 3; n += 1) await app.realtime.publish('open:news', 'said', n);
    await client.received('open:news', 3);

    expect(packets.count).toBe(0);
  });

  it('wait behind packets that Engine.IO holds back', async () => {
    using client = await SocketClient.connect(app.url);
    await client.follow('open:order');
    const root = client.io.io.socket('/');
    const arrived: unknown[] = [];
    root.on('own', (n: number) => arrived.push(n));
    client.io.on('events', (envelopes: { d: unknown }[]) => arrived.push(...envelopes.map(({ d }) => d)));
    if (!root.connected) await new Promise<void>((resolve) => root.once('connect', () => resolve()));
    const engine = engineOf(app, client);
    const packets = packetsOf(client);
    webSocketOf(client).pause();

    let sent = 0;
    const filler = 'x'.repeat(100_000);
    while (engine.writeBuffer.length === 0) {
      ServerProbe.of(app).emit('own', (sent += 1), filler);
      await new Promise(setImmediate);
    }
    const before = packets.count;
    await app.realtime.publish('open:order', 'said', 'ours');
    await client.until(() => packets.count > before, 'the packet');
    ServerProbe.of(app).emit('own', (sent += 1));
    webSocketOf(client).resume();
    await client.until(() => arrived.includes(sent), 'the last');

    expect(arrived.slice(-2)).toEqual(['ours', sent]);
    expect(arrived.slice(0, -2)).toEqual(Array.from({ length: sent - 1 }, (_, index) => index + 1));
  });
});
