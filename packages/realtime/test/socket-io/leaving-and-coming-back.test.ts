import { waitFor } from '@nestwire/harness';
import type { EventEmitter } from 'node:events';
import { Manager } from 'socket.io-client';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { PollingClient, ServerProbe, webSocketOf } from './support.js';

describe('sockets that leave and come back', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ providers: [ServerProbe], options: { history: { size: 1_000, ttlMs: 60_000 } } });
  });

  afterEach(() => app.idle());

  afterAll(() => app.close());

  it('may do so any number of times on one connection of Engine.IO', async () => {
    const manager = new Manager(app.url, { transports: ['websocket'] });
    const own = manager.socket('/').connect();
    const socket = manager.socket('/realtime');
    let greetings = 0;
    socket.on('ready', () => (greetings += 1));
    const counts: number[] = [];

    for (let i = 1; i <= 20; i += 1) {
      socket.connect();
      await waitFor(() => greetings === i);
      await socket.emitWithAck('subscribe', { channel: 'open:room' });
      counts.push(listenersOf(app, manager.engine.id));
      expect(app.connections.all()).toHaveLength(1);
      socket.disconnect();
      await app.idle();
    }

    expect(new Set(counts).size).toBe(1);
    own.disconnect();
  });

  it('leave our namespace alone: the application’s own goes on', async () => {
    const manager = new Manager(app.url, { transports: ['websocket'], reconnection: false });
    const own = manager.socket('/').connect();
    const ours = manager.socket('/realtime').connect();
    await waitFor(() => own.connected && ours.connected);

    ours.disconnect();
    await app.idle();

    expect(own.connected).toBe(true);
    own.disconnect();
  });

  it('do not swallow the reason of the last end where they are gone before they are greeted', async () => {
    const { secret } = await app.sessions.create();
    const extraHeaders = { 'x-session-id': secret };
    {
      using slow = await SocketClient.connect(app.url, { extraHeaders, reconnection: false });
      await slow.follow('open:slow');
      const { id } = app.connections.get(slow.ready.connection)!;
      webSocketOf(slow).pause();
      while (app.connections.get(id) !== undefined) {
        await app.realtime.publish('open:slow', 'said', 'x'.repeat(100_000));
        await new Promise(setImmediate);
      }
    }
    const end = app.backend.log.end.bind(app.backend.log);
    let reached = false;
    let goOn = (): void => undefined;
    const allowed = new Promise<void>((resolve) => (goOn = resolve));
    app.backend.log.end = async (...args) => {
      reached = true;
      await allowed;
      return end(...args);
    };
    using hasty = new SocketClient(app.url, { extraHeaders, reconnection: false });
    await waitFor(() => reached);
    const [connection] = app.connections.all();
    hasty.io.disconnect();
    await waitFor(() => connection!.closed);
    app.backend.log.end = end;
    goOn();

    using next = await SocketClient.connect(app.url, { extraHeaders });
    expect(next.ready.previous).toEqual({ code: 'slow_consumer' });
  });

  it('are let go of within seconds where they poll no more after they were told to come back', async () => {
    const { session, secret } = await app.sessions.create();
    const client = new PollingClient(app.url, { 'x-session-id': secret });
    const connection = await client.join();
    const waiting = client.pollUntil('"close"');
    const { engine } = ServerProbe.of(app);
    await waitFor(() => isPolled(app));

    await app.sessions.rotate(session.sid);

    expect(await waiting).toContain('["close",{"code":"retry","reconnect":true}]');
    expect(app.connections.get(connection)).toBeUndefined();
    await waitFor(() => engine.clientsCount === 0, { timeoutMs: 3_000 });
  });

  it('are cut where they poll no more, past 1 MB', async () => {
    const client = new PollingClient(app.url);
    const connection = await client.join();
    const { outlet } = app.connections.get(connection)!;
    await client.send('42/realtime,0["subscribe",{"channel":"open:poll"}]');
    await (await client.poll()).text();

    let most = 0;
    for (let i = 0; i < 100 && app.connections.get(connection) !== undefined; i += 1) {
      await app.realtime.publish('open:poll', 'said', 'x'.repeat(100_000));
      await new Promise(setImmediate);
      most = Math.max(most, outlet.queuedBytes());
    }

    expect(app.connections.get(connection)).toBeUndefined();
    expect(most).toBeGreaterThan(1024 * 1024);
    expect(most).toBeLessThan(1.5 * 1024 * 1024);
    await waitFor(() => ServerProbe.of(app).engine.clientsCount === 0);
  });
});

/** Listeners on the server's end of an Engine.IO connection. */
function listenersOf(app: RunningApp, id: string): number {
  const { clients } = ServerProbe.of(app).engine as unknown as {
    clients: Record<string, EventEmitter & { transport: EventEmitter }>;
  };
  const engine = clients[id]!;
  return [engine, engine.transport].reduce(
    (sum, emitter) => sum + emitter.eventNames().reduce((n, name) => n + emitter.listenerCount(name), 0),
    0,
  );
}

/** True where the one client of the server has a poll waiting. */
function isPolled(app: RunningApp): boolean {
  const { clients } = ServerProbe.of(app).engine as unknown as {
    clients: Record<string, { transport: { writable: boolean } }>;
  };
  return Object.values(clients).every(({ transport }) => transport.writable);
}
