import { waitFor } from '@nestwire/harness';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { engineOf, ServerProbe, webSocketOf } from './support.js';

describe('sockets that nobody is at the other end of', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({
      providers: [ServerProbe],
      options: {
        socketIo: { pingIntervalMs: 100, pingTimeoutMs: 1_000 },
        limits: { deliveryTimeoutMs: 1_000 },
        history: { size: 1_000, ttlMs: 60_000 },
      },
    });
  });

  afterAll(() => app.close());

  it('are noticed where a ping is not answered', async () => {
    const url = `${app.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const raw = new WebSocket(url);
    const heard: string[] = [];
    raw.on('message', (data: Buffer) => heard.push(data.toString()));
    await once(raw, 'open');
    raw.send('40/realtime,');
    await waitFor(() => app.connections.all().length === 1);

    await once(raw, 'close');

    expect(heard).toContain('2');
    await app.idle();
  });

  it('live on where it is', async () => {
    using client = await SocketClient.connect(app.url);
    let pings = 0;
    client.io.io.engine.on('ping', () => (pings += 1));

    await client.until(() => pings >= 5);

    expect(client.disconnects).toEqual([]);
  });

  it('are cut where nothing gets through for the delivery time-out, however little is waiting', async () => {
    await using patient = await startApp({
      providers: [ServerProbe],
      options: { limits: { deliveryTimeoutMs: 300 } },
    });
    const { secret } = await patient.sessions.create();
    const extraHeaders = { 'x-session-id': secret };
    using client = await SocketClient.connect(patient.url, { extraHeaders, reconnection: false });
    await client.follow('open:stuck');
    const { socket } = engineOf(patient, client).transport;
    const { id, outlet } = patient.connections.get(client.ready.connection)!;
    webSocketOf(client).pause();
    while (outlet.queuedBytes() < 200_000) {
      await patient.realtime.publish('open:stuck', 'said', 'x'.repeat(50_000));
      await new Promise(setImmediate);
    }

    await client.until(() => patient.connections.get(id) === undefined, 'the cut');

    await client.until(() => socket.readyState === socket.CLOSED);
    expect(socket.bufferedAmount).toBe(0);
    using next = await SocketClient.connect(patient.url, { extraHeaders });
    expect(next.ready.previous).toEqual({ code: 'delivery_timeout' });
  });

  it('are not cut while they read, if slowly', async () => {
    using client = await SocketClient.connect(app.url);
    await client.follow('open:slowly');
    const ws = webSocketOf(client);
    const { outlet } = app.connections.get(client.ready.connection)!;
    let paused = false;
    const reading = setInterval(() => {
      paused = !paused;
      if (paused) ws.pause();
      else ws.resume();
    }, 50);

    let count = 0;
    const until = Date.now() + 2_500;
    while (Date.now() < until) {
      if (outlet.queuedBytes() < 500_000) {
        await app.realtime.publish('open:slowly', 'said', 'x'.repeat(50_000));
        count += 1;
      }
      await new Promise(setImmediate);
    }
    clearInterval(reading);
    ws.resume();

    await client.received('open:slowly', count, { timeoutMs: 10_000 });
    expect(client.disconnects).toEqual([]);
  });
});
