import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const ADAPTERS = ['express', 'fastify'] as const;

describe.each(ADAPTERS)('what a stream looks like on the wire, with %s', (adapter) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ adapter });
  });

  afterAll(() => app.close());

  it('begins with retry, ready and a cursor, to the letter', async () => {
    using client = await SseClient.connect(app.url, ['open:a', 'open:b']);

    const { connection } = client.ready;
    const retry = /^retry: (\d+)\n/.exec(client.text)![1];
    expect(client.text).toBe(
      `retry: ${retry}\n` +
        'event: realtime.ready\n' +
        `data: {"connection":"${connection}","sid":null,"channels":{"open:a":{"replay":0},"open:b":{"replay":0}}}\n` +
        '\n' +
        'event: realtime.cursor\n' +
        'data: {}\n' +
        `id: ${client.cursor}\n` +
        '\n',
    );
    expect(connection).toMatch(/^[\w-]{16}$/);
    expect(client.cursor).toMatch(/^[\w-]{32}\.[\w-]{32}$/);
  });

  it('writes an event without an id, and a cursor with one after it', async () => {
    using client = await SseClient.connect(app.url, 'open:letters');
    const before = client.text.length;

    await app.realtime.publish(
      'open:letters',
      'letter.sent',
      { text: 'Grüße\n\nä 🙂' },
      { correlationId: 'c"1' },
    );
    const { t } = (await client.received('open:letters', 1))[0]!;

    expect(client.text.slice(before)).toBe(
      'event: letter.sent\n' +
        `data: {"c":"open:letters","o":1,"t":${t},"d":{"text":"Grüße\\n\\nä 🙂"},"x":"c\\"1"}\n` +
        '\n' +
        'event: realtime.cursor\n' +
        'data: {}\n' +
        `id: ${client.cursor}\n` +
        '\n',
    );
    expect(Math.abs(t - Date.now())).toBeLessThan(5_000);
  });

  it('writes what one tick brings at once, with one cursor', async () => {
    using client = await SseClient.connect(app.url, ['open:one', 'open:two']);

    const events = ['open:one', 'open:two', 'open:one'].map((channel) => ({
      channel,
      event: 'e',
      data: null,
    }));
    await app.realtime.publishMany(events);
    await client.until(() => client.events().length === 3 && client.story.at(-1) === 'cursor', 'all');

    expect(client.story.slice(2)).toEqual(['open:one 1', 'open:one 2', 'open:two 1', 'cursor']);
  });

  it('has ids in cursors only, and ends every write with one', async () => {
    using client = await SseClient.connect(app.url, 'open:many');
    for (let i = 0; i < 50; i += 1) await app.realtime.publish('open:many', 'e', i);
    await client.received('open:many', 50);

    expect(
      client.blocks.filter(({ id, event }) => (id !== undefined) !== (event === 'realtime.cursor')),
    ).toEqual([]);
    for (const write of client.writes) expect(write.at(-1)!.event).toBe('realtime.cursor');
  });

  it('has headers that keep everything on the way from holding it back', async () => {
    using client = await SseClient.connect(app.url, 'open:a');

    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    expect(client.headers).not.toHaveProperty('content-length');
  });

  it('draws the time to come back after for each stream', async () => {
    const retries = new Set<number>();
    for (let i = 0; i < 8; i += 1) {
      using client = await SseClient.connect(app.url, 'open:a');
      retries.add(Number(client.blocks[0]!.retry));
    }

    expect(retries.size).toBeGreaterThan(1);
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...retries)).toBeLessThanOrEqual(5_000);
  });

  it('answers HEAD with the headers alone', async () => {
    using client = await SseClient.open(app.url, 'open:a', { method: 'HEAD' });
    await client.end();

    expect(client.status).toBe(200);
    expect(client.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await app.idle();
  });
});
