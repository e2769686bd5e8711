import { waitFor } from '@nestwire/harness';
import type { INestApplication } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { Counters } from '../../src/observability/counters.js';
import { RealtimeChannel, type ChannelPolicy } from '../../src/index.js';
import { postCommand } from '../support/commands.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

@RealtimeChannel('hanging:{id}')
class HangingChannel implements ChannelPolicy {
  canSubscribe(): Promise<boolean> {
    return new Promise(() => undefined);
  }
}

const LIMITS = { decisionTimeoutMs: 100, bodyTimeoutMs: 200 };

function serverOf({ nest }: { nest: INestApplication }): Server {
  return nest.getHttpServer() as Server;
}

/** Says something on a bare connection, and nothing more. */
async function say(app: RunningApp, text: string): Promise<Socket> {
  const { port } = new URL(app.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

describe('a node that is flooded', () => {
  let app: RunningApp;
  let counters: Counters;

  beforeAll(async () => {
    app = await startApp({
      policies: [HangingChannel],
      options: {
        limits: LIMITS,
        socketIo: { connectTimeoutMs: 200 },
        authenticate: knownTokens({ ann: { userId: 'ann' } }),
      },
      prepare: (nest) => {
        Object.assign(nest.getHttpServer() as Server, { headersTimeout: 300, requestTimeout: 400 });
      },
    });
  });

  beforeAll(() => {
    counters = app.nest.get(Counters, { strict: false });
  });

  afterAll(() => app.close());

  it('lets go of half-open handshakes, and others notice nothing', async () => {
    using neighbour = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    const handshake = `${app.url}/socket.io/?EIO=4&transport=polling`;
    for (let i = 0; i < 4; i += 1)
      await Promise.all(Array.from({ length: 50 }, async () => (await fetch(handshake)).arrayBuffer()));
    expect(await neighbour.command('realtime.heartbeat')).toMatchObject({ ok: true });

    const { sid } = JSON.parse((await (await fetch(handshake)).text()).slice(1)) as { sid: string };
    const poll = () => fetch(`${handshake}&sid=${sid}`, { signal: AbortSignal.timeout(500) });
    await waitFor(async () => (await poll()).status === 400, { what: 'its end' });
    await waitFor(() => counters.limited.handshakes === 201, { what: 'the count' });
    expect(neighbour.disconnects).toEqual([]);
  });

  it('cuts a WebSocket that never joins, and does not answer the goodbye either', async () => {
    const socket = await say(
      app,
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const beganAt = performance.now();
    await new Promise((resolve) => socket.once('close', resolve));

    // `ws` alone would wait for 30 s.
    expect(performance.now() - beganAt).toBeLessThan(10_000);
  });

  it('cuts a body that trickles in', async () => {
    const head =
      'POST /realtime/commands HTTP/1.1\r\nHost: a\r\nContent-Type: text/x-slow\r\nContent-Length: 100\r\n\r\n';
    const socket = await say(app, `${head}{"id"`);
    const beganAt = performance.now();
    await once(socket, 'close');

    expect(performance.now() - beganAt).toBeLessThan(2_000);
    expect(counters.limited.bodies).toBe(1);
  });

  it('does not inflate a compressed body past its bound', async () => {
    const before = counters.refusals.too_large;
    const bomb = gzipSync(Buffer.alloc(20_000_000, ' '));
    const response = await fetch(`${app.url}/realtime/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: bomb,
    });

    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { code: 'too_large' } });
    expect(counters.refusals.too_large).toBe(before + 1);
  });

  it('agrees to no compressed frames', async () => {
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    const socket = await say(
      app,
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n`,
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();

    expect(head.toString('latin1')).toContain('101 Switching Protocols');
    expect(head.toString('latin1').toLowerCase()).not.toContain('permessage-deflate');
  });

  it('refuses a bomb in a frame by what it inflates to, where the application has frames compressed', async () => {
    @WebSocketGateway({ perMessageDeflate: { threshold: 0 } })
    class Compressing {}

    await using compressing = await startApp({ providers: [Compressing] });
    const { refusals } = compressing.nest.get(Counters, { strict: false });
    using neighbour = await SocketClient.connect(compressing.url);
    const url = `${compressing.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const bomber = new WebSocket(url, { perMessageDeflate: { threshold: 0 } });
    const heard: string[] = [];
    bomber.on('message', (data: Buffer) => heard.push(data.toString())).on('error', () => undefined);
    await once(bomber, 'open');
    bomber.send('40/realtime,');
    await waitFor(() => heard.some((packet) => packet.includes('"ready"')));
    expect(bomber.extensions).toContain('permessage-deflate');
    bomber.send(`42/realtime,["command",{"id":"a","command":"x","data":"${' '.repeat(20_000_000)}"}]`);
    const [code] = (await once(bomber, 'close')) as [number];

    expect(code).toBe(1009);
    await waitFor(() => refusals.too_large === 1, { what: 'the count' });
    expect(await neighbour.command('realtime.heartbeat')).toMatchObject({ ok: true });
    expect(neighbour.disconnects).toEqual([]);
  });

  it('answers for a policy that hangs', async () => {
    using client = await SocketClient.connect(app.url);

    expect(await client.subscribe('hanging:a')).toMatchObject({
      ok: false,
      error: { code: 'unavailable', temporary: true },
    });
    using stream = await SseClient.open(app.url, 'hanging:a');
    await stream.end();
    expect(stream.status).toBe(200);
  });

  it('answers for an authenticator that hangs', async () => {
    const authenticate = { authenticate: () => new Promise<never>(() => undefined) };
    await using hanging = await startApp({ options: { authenticate, limits: LIMITS } });
    const { status } = await postCommand(hanging.url, { id: 'a', command: 'realtime.heartbeat' });

    expect(status).toBe(503);
    expect(hanging.nest.get(Counters, { strict: false }).refusals.unavailable).toBe(1);
  });

  it('keeps to its own lines of the log and headers, whatever names hold', async () => {
    using client = await SocketClient.connect(app.url);
    const forged = 'orders:eu\r\nSet-Cookie: a=b\nWARN forged \u001b[31m';
    expect(await client.subscribe(forged)).toMatchObject({ error: { code: 'bad_request' } });
    expect(await client.command(forged)).toMatchObject({ error: { code: 'bad_request' } });
    using stream = await SseClient.open(app.url, `${encodeURIComponent('x')}${forged}`);
    await stream.end();

    expect(stream.headers['set-cookie']).toBeUndefined();
    const fromOutside = app.logs.filter((line) => line.includes('forged') || line.includes('\u001b'));
    expect(fromOutside.filter((line) => /[\r\n]/.test(line))).toEqual([]);
  });

  it('holds who subscribes and unsubscribes in a loop to its rate', async () => {
    await using small = await startApp({
      options: { limits: { subscriptionsPerSecond: 2, maxOverruns: 10 } },
    });
    using offender = await SocketClient.connect(small.url, { reconnection: false });
    using neighbour = await SocketClient.connect(small.url);
    await neighbour.follow('open:room');
    for (let i = 0; i < 100; i += 1)
      offender.io.emit(i % 2 ? 'unsubscribe' : 'subscribe', { channel: 'open:room' });
    await waitFor(() => offender.close, { what: 'the close' });

    expect(offender.close).toMatchObject({ code: 'rate_limited' });
    const { limited, penalties, closes } = small.nest.get(Counters, { strict: false });
    expect(limited.subscriptions).toBeGreaterThan(10);
    expect([penalties.overruns, closes.rate_limited]).toEqual([1, 1]);
    await small.realtime.publish('open:room', 'said', 1);
    await neighbour.received('open:room', 1);
  });

  it('refuses a storm of handshakes and streams from one address', async () => {
    await using small = await startApp({ options: { limits: { attemptsPerSecondPerIp: 1 } } });
    const handshake = () => fetch(`${small.url}/socket.io/?EIO=4&transport=polling`);
    const statuses = [];
    for (let i = 0; i < 11; i += 1) statuses.push((await handshake()).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
    using stream = await SseClient.open(small.url, 'open:a');
    await stream.end();

    expect(stream.status).toBe(200);
    expect(stream.text).toMatch(/^retry: \d+\n\n$/);
    expect(small.nest.get(Counters, { strict: false }).limited.attempts).toBe(2);
    expect(serverOf(small).listening).toBe(true);
  });
});
