import type { INestApplication } from '@nestjs/common';
import compression from 'compression';
import { SseClient } from '../support/sse-client.js';
import { type AdapterName, startApp } from '../support/start-app.js';

const ORIGIN = 'https://app.example';

describe.each<AdapterName>(['express', 'fastify'])("an application's own doings, with %s", (adapter) => {
  const start = (prepare: (nest: INestApplication) => unknown, options = {}) =>
    startApp({ adapter, prepare, ...options });

  it('keeps the CORS headers of a stream, and of a refusal', async () => {
    await using app = await start((nest) => nest.enableCors({ origin: [ORIGIN], credentials: true }));
    const headers = { origin: ORIGIN };
    using stream = await SseClient.connect(app.url, 'open:a', { headers });
    using refusal = await SseClient.open(app.url, 'nobody:a', { headers });
    using tooLong = await SseClient.open(app.url, 'open:a', { headers, lastEventId: 'x'.repeat(3_000) });

    for (const client of [stream, refusal, tooLong]) {
      expect(client.headers).toMatchObject({
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-credentials': 'true',
        vary: 'Origin',
      });
    }
    expect([stream.status, refusal.status, tooLong.status]).toEqual([200, 403, 414]);
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  });

  it('keeps its global prefix, and leaves out what its versions are', async () => {
    await using app = await start((nest) => nest.setGlobalPrefix('api').enableVersioning());
    using client = await SseClient.connect(app.url, 'open:a', { path: '/api/realtime/sse' });

    expect(client.status).toBe(200);
  });

  it('keeps what its own middleware has set on the response', async () => {
    await using app = await start((nest) =>
      nest.use((_: unknown, response: { setHeader(name: string, value: string): void }, next: () => void) => {
        response.setHeader('X-Own', 'kept');
        next();
      }),
    );
    using client = await SseClient.connect(app.url, 'open:a');

    expect(client.headers).toMatchObject({ 'x-own': 'kept', 'x-content-type-options': 'nosniff' });
  });
});

describe('compression in an application on Express', () => {
  it('leaves streams alone: each event arrives at once, and a stalled client is still known to be one', async () => {
    await using app = await startApp({
      prepare: (nest) => nest.use(compression({ threshold: 0 })),
      options: { limits: { deliveryTimeoutMs: 60_000 }, history: { size: 10_000 } },
    });
    using client = await SseClient.connect(app.url, 'open:a', { headers: { 'accept-encoding': 'gzip, br' } });
    expect(client.headers).not.toHaveProperty('content-encoding');

    for (let n = 1; n <= 5; n += 1) {
      await app.realtime.publish('open:a', 'e', n);
      await client.received('open:a', n);
    }
    client.pause();
    const { outlet } = app.connections.get(client.ready.connection)!;
    let count = 5;
    await client.until(async () => {
      await app.realtime.publish('open:a', 'e', 'x'.repeat(100_000));
      count += 1;
      return outlet.queuedBytes() > 100_000;
    }, 'bytes to wait');
    client.resume();
    await client.received('open:a', count, { timeoutMs: 10_000 });
    await client.until(() => outlet.queuedBytes() === 0, 'none to wait');
  });

  it('lets a replay go on that had to wait', async () => {
    await using app = await startApp({ prepare: (nest) => nest.use(compression()) });
    const first = await SseClient.connect(app.url, 'open:a');
    first.destroy();
    for (let n = 1; n <= 300; n += 1) await app.realtime.publish('open:a', 'e', 'x'.repeat(50_000));

    using client = await SseClient.connect(app.url, 'open:a', { lastEventId: first.cursor! });
    await client.received('open:a', 300, { timeoutMs: 10_000 });
    expect(client.control('gap')).toEqual([]);
  });
});
