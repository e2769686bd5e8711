import { channelHash, decodeCursor, encodePosition, type Position } from '@nestwire/protocol';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe('a cursor that does not fit', () => {
  let app: RunningApp;
  let witness: SseClient;
  let position: Position;

  beforeAll(async () => {
    app = await startApp();
    witness = await SseClient.connect(app.url, 'open:a');
    for (let i = 0; i < 5; i += 1) await app.realtime.publish('open:a', 'e', i);
    await witness.received('open:a', 5);
    position = decodeCursor(witness.cursor!)!.get(channelHash('open:a'))!;
  });

  afterAll(async () => {
    witness.destroy();
    await app.close();
  });

  const encode = (changes: Partial<Position>): string =>
    encodePosition(channelHash('open:a'), { ...position, ...changes });

  it.each([
    ['is no cursor at all', () => 'garbage'],
    ['is a cursor cut short', () => witness.cursor!.slice(0, -3)],
    ['is a cursor with something after it', () => `${witness.cursor!}.`],
    ['is as long as a cursor may be', () => 'x'.repeat(2048)],
    ['has bytes of anything', () => '\u00ff\u00fe%00"<>'],
    ['is of another epoch', () => encode({ epoch: '0123456789abcdef' })],
    ['is ahead of the log', () => encode({ offset: position.offset + 1 })],
    ['is far ahead of the log', () => encode({ offset: 2 ** 47 })],
    ['has the tag of no entry', () => encode({ tag: position.tag ^ 1 })],
    ['has the tag of no entry, within the history', () => encode({ offset: 2 })],
    ['is before the first entry with a tag', () => encode({ offset: 0, tag: 1 })],
  ])('is told so and disturbs nobody: one that %s', async (_, cursor) => {
    const count = witness.events().length;
    using client = await SseClient.connect(app.url, ['open:a', 'open:b'], { lastEventId: cursor() });

    expect(client.ready.channels['open:a']).toEqual({ recovered: false, replay: 0 });
    await app.realtime.publish('open:a', 'e', 'live');
    await client.received('open:a', 1);
    await witness.received('open:a', count + 1);

    expect(client.offsets('open:a')).toEqual([count + 1]);
    expect(witness.control('gap')).toEqual([]);
    expect(app.logs.filter((line) => /^(error|warn)/.test(line))).toEqual([]);
  });

  it('gets recovered: false for every channel where it cannot be read', async () => {
    using client = await SseClient.connect(app.url, ['open:a', 'open:b'], { lastEventId: 'garbage' });

    const lost = { recovered: false, replay: 0 };
    expect(client.ready.channels).toEqual({ 'open:a': lost, 'open:b': lost });
  });

  it('gets it from the query as from the header', async () => {
    using client = await SseClient.connect(app.url, 'open:a', { query: { lastEventId: 'garbage' } });

    expect(client.ready.channels).toEqual({ 'open:a': { recovered: false, replay: 0 } });
  });

  it('is for a channel of its own only', async () => {
    using client = await SseClient.connect(app.url, ['open:a', 'open:b'], {
      lastEventId: encode({ tag: 7 }),
    });

    expect(client.ready.channels).toEqual({
      'open:a': { recovered: false, replay: 0 },
      'open:b': { replay: 0 },
    });
  });

  it('comes back recovered with the cursor that it was given instead', async () => {
    const first = await SseClient.connect(app.url, 'open:a', { lastEventId: 'garbage' });
    first.destroy();
    await app.realtime.publish('open:a', 'e', 'missed');

    using client = await SseClient.connect(app.url, 'open:a', { lastEventId: first.cursor! });
    await client.received('open:a', 1);

    expect(client.ready.channels).toEqual({ 'open:a': { recovered: true, replay: 1 } });
  });

  it.each(['header', 'query'])(
    'is refused before the stream opens where it is too long, in the %s',
    async (where) => {
      const cursor = 'A'.repeat(2049);
      const options = where === 'header' ? { lastEventId: cursor } : { query: { lastEventId: cursor } };
      using client = await SseClient.open(app.url, 'open:a', options);

      expect(client.status).toBe(414);
      expect(await client.body()).toMatchObject({ error: { code: 'too_large' } });
    },
  );
});
