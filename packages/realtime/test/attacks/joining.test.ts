import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { CloseNotice } from '@nestwire/protocol';
import { waitFor } from '@nestwire/harness';
import { once } from 'node:events';
import type { Namespace } from 'socket.io';
import { WebSocket } from 'ws';
import { RealtimeMetrics } from '../../src/index.js';
import { valuesOf } from '../observability/support.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

@WebSocketGateway({ namespace: '/realtime' })
class Observer {
  @WebSocketServer() readonly namespace!: Namespace;
}

const JOIN = '40/realtime,';

/** A transport without a client of Socket.IO on it, and what it hears. */
class Transport implements Disposable {
  readonly heard: string[] = [];
  isClosed = false;

  private constructor(private readonly ws: WebSocket) {
    ws.on('message', (data: Buffer) => this.heard.push(data.toString()));
    ws.on('close', () => (this.isClosed = true));
  }

  static async open({ url }: RunningApp): Promise<Transport> {
    const ws = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    await once(ws, 'open');
    return new Transport(ws);
  }

  say(...packets: string[]): void {
    for (const packet of packets) this.ws.send(packet);
  }

  has(text: string): boolean {
    return this.heard.some((packet) => packet.includes(text));
  }

  [Symbol.dispose](): void {
    this.ws.terminate();
  }
}

describe('one transport', () => {
  let app: RunningApp;

  const metric = async (name: string, label: string): Promise<number> =>
    valuesOf((await app.nest.get(RealtimeMetrics, { strict: false }).text()).body, name)[label]!;

  beforeAll(async () => {
    app = await startApp({
      providers: [Observer],
      options: {
        authenticate: knownTokens({ ann: { userId: 'ann' } }),
        limits: { maxConnectionsPerUser: 1, attemptsPerSecondPerIp: 1 },
      },
    });
  });

  afterAll(() => app.close());

  it('that joins many times at once is cut, is counted, and becomes no connection', async () => {
    const opened = await metric('nestwire_connections_opened_total', 'transport="socket.io"');
    using transport = await Transport.open(app);
    transport.say(...Array.from({ length: 200 }, () => JOIN));
    await waitFor(() => transport.isClosed, { what: 'the end of the transport' });

    expect(transport.has('"code":"rate_limited"')).toBe(true);
    expect(await metric('nestwire_refusals_total', 'code="rate_limited"')).toBeGreaterThan(0);
    const now = await metric('nestwire_connections_opened_total', 'transport="socket.io"');
    expect(now - opened).toBeLessThanOrEqual(1);
    await app.idle();
  });

  it('may leave and join again', async () => {
    const { namespace } = app.nest.get(Observer);
    using transport = await Transport.open(app);
    for (let visits = 1; visits <= 2; visits += 1) {
      transport.say(JOIN);
      await waitFor(() => transport.heard.filter((packet) => packet.includes('"ready"')).length === visits);
      transport.say('41/realtime,');
      await waitFor(() => namespace.sockets.size === 0, { what: 'its leave' });
    }
    expect(transport.isClosed).toBe(false);
  });

  it('that tries one proof after the other is held to the attempts of its address', async () => {
    await using strict = await startApp({
      options: { authenticate: knownTokens({}), limits: { attemptsPerSecondPerIp: 1 } },
    });
    using transport = await Transport.open(strict);
    for (let tries = 1; !transport.isClosed && tries < 20; tries += 1) {
      transport.say(`${JOIN}{"token":"guess-${tries}"}`);
      await waitFor(
        () =>
          transport.isClosed ||
          transport.heard.filter((packet) => packet.startsWith('44/realtime')).length === tries,
      );
    }
    // The handshake was the first of the ten attempts of the window.
    expect(transport.heard.filter((packet) => packet.startsWith('44/realtime'))).toHaveLength(10);
    expect(transport.has('"retryAfterMs"')).toBe(true);
  });

  it('of who has too many connections hears when to come back, and nothing is kept of it', async () => {
    const { namespace } = app.nest.get(Observer);
    using _first = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    using second = new SocketClient(app.url, { auth: { token: 'ann' } });
    const notices = () => second.control<CloseNotice>('close');
    await waitFor(() => notices().length > 2, { what: 'several tries' });

    expect(notices()[0]).toEqual({ code: 'rate_limited', reconnect: true, retryAfterMs: 10_000 });
    expect(second.ready).toBeUndefined();
    expect(namespace.sockets.size).toBe(1);
    second.io.disconnect();
    const connecting = (namespace as unknown as { _preConnectSockets: Map<string, unknown> })
      ._preConnectSockets;
    await waitFor(() => connecting.size === 0, { what: 'Socket.IO to have forgotten them' });
  });
});
