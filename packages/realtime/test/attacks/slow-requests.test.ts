import { Body, Controller, Post } from '@nestjs/common';
import { waitFor } from '@nestwire/harness';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { RealtimeMetrics } from '../../src/index.js';
import { valuesOf } from '../observability/support.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const LIMITS = { headTimeoutMs: 300, bodyTimeoutMs: 200 };
const TRICKLE_MS = 20;

@Controller()
class UploadController {
  @Post('upload')
  upload(@Body() body: unknown) {
    return { got: body };
  }
}

/** A request that comes one byte at a time, and what it was answered before its end. */
class Trickle {
  readonly socket: Socket;
  answer = '';
  private readonly beganAt = performance.now();
  private readonly timer: NodeJS.Timeout;

  constructor(url: string, head: string, rest: string) {
    this.socket = connect(Number(new URL(url).port), '127.0.0.1');
    this.socket.on('error', () => undefined).on('data', (data) => (this.answer += data.toString()));
    this.socket.write(head);
    let sent = 0;
    this.timer = setInterval(() => {
      if (sent < rest.length && this.socket.writable) this.socket.write(rest[sent]!);
      sent += 1;
    }, TRICKLE_MS);
  }

  /** Resolves with how long it was put up with, in milliseconds. */
  async end(): Promise<number> {
    // A reset is an end as well, which `once` would take for a failure.
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once('close', resolve));
    clearInterval(this.timer);
    return performance.now() - this.beganAt;
  }
}

const jsonHead = (path: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

describe.each(['express', 'fastify'] as const)('a request that trickles in, on %s', (adapter) => {
  let app: RunningApp;
  let socket: SocketClient;
  let stream: SseClient;

  const limited = async (limit: string): Promise<number> => {
    const { body } = await app.nest.get(RealtimeMetrics, { strict: false }).text();
    return valuesOf(body, 'nestwire_limited_total')[`limit="${limit}"`]!;
  };

  /** The client may know of its end before the server has counted it. */
  const counted = (limit: string, count: number): Promise<unknown> =>
    waitFor(async () => (await limited(limit)) === count, { what: `${count} counted as ${limit}` });

  beforeAll(async () => {
    app = await startApp({ adapter, controllers: [UploadController], options: { limits: LIMITS } });
    socket = await SocketClient.connect(app.url);
    await socket.follow('open:street');
    stream = await SseClient.connect(app.url, 'open:street');
  });

  afterAll(async () => {
    socket[Symbol.dispose]();
    stream[Symbol.dispose]();
    await app.close();
  });

  it('has its head ended with 408, and is counted', async () => {
    const before = await limited('heads');
    const slow = new Trickle(app.url, 'GET /realtime/sse HTTP/1.1\r\nHost: a\r\nX-Slow: ', 'a'.repeat(1_000));

    expect(await slow.end()).toBeLessThan(5_000);
    expect(slow.answer).toMatch(/^HTTP\/1\.1 408 /);
    await counted('heads', before + 1);
  });

  it('and a connection that says nothing at all, are ended alike', async () => {
    const before = await limited('heads');
    expect(await new Trickle(app.url, '', '').end()).toBeLessThan(5_000);
    await counted('heads', before + 1);
  });

  it.each(['/realtime/commands', '/realtime/tickets'])(
    'as a JSON body for %s is cut, and is counted',
    async (path) => {
      const before = await limited('bodies');
      const body = `{"id":"a","command":"${'x'.repeat(1_000)}"}`;
      const slow = new Trickle(app.url, jsonHead(path, body.length), body);

      expect(await slow.end()).toBeLessThan(5_000);
      await counted('bodies', before + 1);
    },
  );

  it('is let through on the application’s own routes, whose uploads may be slow', async () => {
    const body = JSON.stringify({ file: 'x'.repeat(10) });
    const slow = new Trickle(app.url, jsonHead('/upload', body.length), body);
    await once(slow.socket, 'data');
    slow.socket.destroy();

    expect(await slow.end()).toBeGreaterThan(LIMITS.bodyTimeoutMs);
    expect(slow.answer).toMatch(/^HTTP\/1\.1 201 /);
  });

  it('does no harm to streams and sockets, which go on for longer than any of these', async () => {
    await app.realtime.publish('open:street', 'said', 1);
    await socket.received('open:street', 1);
    await stream.received('open:street', 1);

    expect(socket.disconnects).toEqual([]);
    expect(stream.ended).toBe(false);
  });
});

it('a time-out that the application has set for its server stays', async () => {
  await using app = await startApp({
    prepare: (nest) => Object.assign(nest.getHttpServer() as Server, { headersTimeout: 77_000 }),
  });
  expect((app.nest.getHttpServer() as Server).headersTimeout).toBe(77_000);
  await using usual = await startApp();
  expect((usual.nest.getHttpServer() as Server).headersTimeout).toBe(10_000);
});
