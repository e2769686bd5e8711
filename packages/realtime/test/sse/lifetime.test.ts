import { RealtimeChannel } from '../../src/index.js';
import { SseClient } from '../support/sse-client.js';
import { startApp } from '../support/start-app.js';

let release: () => void;

@RealtimeChannel('slow:{name}')
class SlowChannel {
  canSubscribe(): Promise<boolean> {
    return new Promise((resolve) => (release = () => resolve(true)));
  }
}

describe('the life of a stream', () => {
  it('is kept alive by comments', async () => {
    await using app = await startApp({ options: { sse: { keepAliveMs: 20 } } });
    using client = await SseClient.connect(app.url, 'open:a');
    await client.until(() => client.story.filter((line) => line === 'comment').length >= 3, 'three comments');

    expect(client.blocks.at(-1)!.text).toBe(': keep-alive\n\n');
    await app.realtime.publish('open:a', 'e', 1);
    await client.until(() => client.events().length === 1, 'an event between them');
  });

  it('ends after a while, to be resumed', async () => {
    await using app = await startApp({ options: { sse: { maxStreamMs: 100 } } });
    let cursor: string | undefined;
    for (let n = 1; n <= 3; n += 1) {
      using client = await SseClient.connect(
        app.url,
        'open:a',
        cursor === undefined ? {} : { lastEventId: cursor },
      );
      await client.end();
      await app.realtime.publish('open:a', 'e', n);

      expect(client.control('close')).toEqual([{ code: 'stream_expired', reconnect: true }]);
      expect(client.events().map(({ d }) => d)).toEqual(n === 1 ? [] : [n - 1]);
      cursor = client.cursor;
    }
    await app.idle();
  });

  describe('when the node shuts down', () => {
    it('ends with a time to come back after, and what was published before has been sent', async () => {
      await using app = await startApp({ options: { drainSpreadMs: 1_000 } });
      const clients = await Promise.all(
        Array.from({ length: 5 }, () => SseClient.connect(app.url, 'open:a')),
      );
      await app.realtime.publish('open:a', 'e', 1);
      await Promise.all(clients.map((client) => client.received('open:a', 1)));
      await app.close();
      await Promise.all(clients.map((client) => client.end()));

      const waits = clients.map((client) => {
        const [{ retryAfterMs }] = client.control<{ retryAfterMs: number }>('drain') as [
          { retryAfterMs: number },
        ];
        expect(client.control('close')).toEqual([{ code: 'draining', reconnect: true, retryAfterMs }]);
        expect(client.blocks.find(({ event }) => event === 'realtime.drain')!.retry).toBe(
          String(retryAfterMs),
        );
        return retryAfterMs;
      });
      expect(new Set(waits).size).toBeGreaterThan(1);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(100);
      expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
    });

    it('ends though its client does not read', async () => {
      await using app = await startApp({ options: { limits: { deliveryTimeoutMs: 60_000 } } });
      using client = await SseClient.connect(app.url, 'open:a');
      client.pause();
      const connection = app.connections.all()[0]!;
      await client.until(async () => {
        await app.realtime.publish('open:a', 'e', 'x'.repeat(200_000));
        return connection.outlet.queuedBytes() > 0;
      }, 'bytes to wait');

      const begun = performance.now();
      await app.close();
      expect(performance.now() - begun).toBeLessThan(5_000);
      await app.idle();
    });

    it('ends well where it has only begun to be opened', async () => {
      await using app = await startApp({ policies: [SlowChannel] });
      const opening = SseClient.open(app.url, 'slow:a');
      using witness = await SseClient.connect(app.url, 'open:a');
      await witness.until(() => app.connections.all().length === 2, 'both');

      await app.close();
      using client = await opening;
      await client.end();
      release();

      expect(client.status).toBe(200);
      expect(client.headers['content-type']).toBe('text/event-stream; charset=utf-8');
      expect(client.story).toEqual(['drain', 'close']);
      expect(app.connections.all()).toEqual([]);
    });

    it('is not begun any more: the answer is a stream that ends, with a time to come back after', async () => {
      let admit!: () => void;
      const gate = new Promise<null>((resolve) => (admit = () => resolve(null)));
      await using app = await startApp({
        options: { authenticate: { authenticate: ({ token }) => (token === undefined ? null : gate) } },
      });
      using witness = await SseClient.connect(app.url, 'open:a');
      const late = SseClient.open(app.url, 'open:a', { headers: { authorization: 'Bearer late' } });
      await new Promise((resolve) => app.nest.getHttpServer().once('request', resolve));
      const close = app.close();
      await witness.end();
      admit();
      using client = await late;
      await client.end();
      await close;

      expect(client.status).toBe(200);
      expect(client.text).toMatch(/^retry: \d+\n\n$/);
    });
  });
});
