import { Load } from '../support/load.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe('several channels on one stream', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ options: { limits: { deliveryTimeoutMs: 20_000 } } });
  });

  afterAll(() => app.close());

  async function publish(channel: string, count: number, data: unknown = 1): Promise<void> {
    for (let i = 0; i < count; i += 1) await app.realtime.publish(channel, 'e', data);
  }

  it('has one cursor for all of them', async () => {
    const channels = ['open:a', 'open:b', 'open:c'];
    const first = await SseClient.connect(app.url, channels);
    await publish('open:a', 2);
    await publish('open:b', 1);
    await first.received('open:b', 1);
    first.destroy();
    await publish('open:a', 1);
    await publish('open:c', 2);

    using client = await SseClient.connect(app.url, channels, { lastEventId: first.cursor! });
    await client.received('open:c', 2);

    expect(client.ready.channels).toEqual({
      'open:a': { recovered: true, replay: 1 },
      'open:b': { recovered: true, replay: 0 },
      'open:c': { recovered: true, replay: 2 },
    });
    expect(client.offsets('open:a')).toEqual([3]);
    expect(client.offsets('open:b')).toEqual([]);
    expect(client.offsets('open:c')).toEqual([1, 2]);
  });

  it('replays one after another, each between its own marks', async () => {
    const channels = ['open:x', 'open:y'];
    const first = await SseClient.connect(app.url, channels);
    first.destroy();
    await publish('open:y', 2);
    await publish('open:x', 2);

    using client = await SseClient.connect(app.url, channels, { lastEventId: first.cursor! });
    await client.until(() => client.control('replay-end').length === 2, 'both replays');

    expect(client.story.filter((line) => line !== 'cursor').slice(1)).toEqual([
      'replay-start open:x',
      'open:x 1 r',
      'open:x 2 r',
      'replay-end open:x',
      'replay-start open:y',
      'open:y 1 r',
      'open:y 2 r',
      'replay-end open:y',
    ]);
  });

  it('says nothing of the positions of channels that it is not asked for, and keeps those of new ones out', async () => {
    const first = await SseClient.connect(app.url, ['open:d', 'open:e']);
    first.destroy();
    await publish('open:d', 1);
    await publish('open:f', 1);

    using client = await SseClient.connect(app.url, ['open:d', 'open:f'], { lastEventId: first.cursor! });

    expect(client.ready.channels).toEqual({
      'open:d': { recovered: true, replay: 1 },
      'open:f': { replay: 0 },
    });
    expect(client.cursor!.split('.')).toHaveLength(2);
  });

  it('delivers a live channel while another is being replayed', async () => {
    const first = await SseClient.connect(app.url, ['open:long', 'open:live']);
    first.destroy();
    await publish('open:long', 900, 'x'.repeat(10_000));
    await app.idle();

    using client = await SseClient.open(app.url, ['open:long', 'open:live'], { lastEventId: first.cursor! });
    client.pause();
    const { outlet } = app.connections.all()[0]!;
    await client.until(() => outlet.queuedBytes() > 0, 'the replay to wait');
    await app.realtime.publish('open:live', 'e', 1);
    client.resume();
    await client.received('open:long', 900, { timeoutMs: 10_000 });

    const { story } = client;
    expect(story.indexOf('open:live 1')).toBeGreaterThan(0);
    expect(story.indexOf('open:live 1')).toBeLessThan(story.indexOf('replay-end open:long'));
    expect(client.events('open:live')).toMatchObject([{ o: 1 }]);
    expect(client.events('open:live')[0]).not.toHaveProperty('r');
  });

  it('keeps live events of a channel back until its own replay has ended', async () => {
    const first = await SseClient.connect(app.url, 'open:own');
    first.destroy();
    await publish('open:own', 500, 'x'.repeat(20_000));

    using client = await SseClient.connect(app.url, 'open:own', { lastEventId: first.cursor! });
    client.pause();
    await publish('open:own', 100);
    client.resume();
    await client.received('open:own', 600, { timeoutMs: 10_000 });

    expect(client.offsets('open:own')).toEqual(Array.from({ length: 600 }, (_, i) => i + 1));
    const end = client.story.indexOf('replay-end open:own');
    expect(client.story.indexOf('open:own 500 r')).toBe(end - 2);
    expect(client.story.indexOf('open:own 501')).toBeGreaterThan(end);
  });

  it('does not let one channel that never rests hold up the replay of the next', async () => {
    const channels = ['open:busy', 'open:next'];
    const first = await SseClient.connect(app.url, channels);
    first.destroy();
    await publish('open:busy', 100, 'x'.repeat(10_000));
    await publish('open:next', 1);

    using client = await SseClient.connect(app.url, channels, { lastEventId: first.cursor! });
    const load = new Load(async () => {
      await publish('open:busy', 20, 'x'.repeat(10_000));
      await new Promise(setImmediate);
    });
    await client.until(() => client.offsets('open:next').length === 1, 'the other replay');
    await load.stop();

    expect(client.control('gap')).toEqual([]);
  });

  it('takes their names as a list or one by one', async () => {
    using client = await SseClient.connect(app.url, [], {
      path: '/realtime/sse?channels=open:a,open%3Ab&channels=open:c',
    });

    expect(Object.keys(client.ready.channels)).toEqual(['open:a', 'open:b', 'open:c']);
  });

  it('names a channel twice and gets it once', async () => {
    using client = await SseClient.connect(app.url, ['open:twice', 'open:twice']);
    await publish('open:twice', 1);
    await client.received('open:twice', 1);

    expect(client.offsets('open:twice')).toEqual([1]);
    expect(app.hub.size).toBeGreaterThan(0);
    client.destroy();
    await app.idle();
  });
});
