import { decodeCursor } from '@nestwire/protocol';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { SteadyPublisher } from '../support/steady-publisher.js';

describe('subscribing over Socket.IO', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ options: { limits: { maxChannelsPerConnection: 5 } } });
  });

  afterAll(() => app.close());

  it('is answered with the position at which the stream starts, and nothing else', async () => {
    const { position } = await app.realtime.publish('open:answer', 'said', 1);
    using client = await SocketClient.connect(app.url);

    const answer = await client.subscribe('open:answer');

    expect(answer).toEqual({ ok: true, data: { position, replay: 0 } });
  });

  it('brings every event from then on, with name, time and data, and the position after it', async () => {
    using client = await SocketClient.connect(app.url);
    await client.follow('open:live');
    const before = Date.now();

    const { offset } = await app.realtime.publish('open:live', 'order.updated', { id: 7, list: [] });
    const { position } = await app.realtime.publish('open:live', 'noted', null, {
      correlationId: 'why "so"',
    });
    await client.received('open:live', 2);

    const [first, second] = client.envelopes('open:live');
    expect(first).toEqual({
      c: 'open:live',
      o: offset,
      t: expect.any(Number),
      n: 'order.updated',
      d: { id: 7, list: [] },
    });
    expect(first!.t).toBeGreaterThanOrEqual(before);
    expect(second).toMatchObject({ o: offset + 1, n: 'noted', d: null, x: 'why "so"' });
    expect(client.position('open:live')).toBe(position);
  });

  it('is answered before any event of the channel, in 50 of 50 tries under load', async () => {
    await using load = new SteadyPublisher(app.realtime, 'open:load');

    for (let i = 0; i < 50; i += 1) {
      using client = await SocketClient.connect(app.url);
      const { position } = await client.follow('open:load');
      await client.received('open:load', 3);

      const [answer, events] = client.heard.slice(1);
      expect(answer).toMatchObject({ kind: 'answer', to: 'subscribe' });
      expect(events!.kind).toBe('events');
      const [first] = client.offsets('open:load');
      expect(client.offsets('open:load')).toEqual(run(first!, client.offsets('open:load').length));
      expect(offsetOf(position)).toBe(first! - 1);
    }

    expect(load.count).toBeGreaterThan(100);
  });

  it('takes many channels at once, each answered in the order in which it was asked for', async () => {
    using client = await SocketClient.connect(app.url);
    const channels = ['open:a', 'open:b', 'open:c', 'open:d', 'open:e'];

    await Promise.all(channels.map((channel) => client.follow(channel)));
    await Promise.all(channels.map((channel) => app.realtime.publish(channel, 'said', channel)));
    await Promise.all(channels.map((channel) => client.received(channel, 1)));

    expect(client.heard.slice(1, 6).every(({ kind }) => kind === 'answer')).toBe(true);
    expect(client.envelopes().map(({ d }) => d)).toEqual(channels);
  });

  it('is refused beyond the most channels of a connection, until one is given back', async () => {
    using client = await SocketClient.connect(app.url);
    for (const name of ['a', 'b', 'c', 'd', 'e']) await client.follow(`open:${name}`);

    expect(await client.subscribe('open:f')).toMatchObject({ ok: false, error: { code: 'too_large' } });
    expect(await client.subscribe('open:a')).toMatchObject({ ok: true });
    await client.unsubscribe('open:b');
    expect(await client.subscribe('open:f')).toMatchObject({ ok: true });
  });

  it('counts channels that are asked for at once', async () => {
    using client = await SocketClient.connect(app.url);

    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => client.subscribe(`open:${i}`)));

    expect(answers.filter(({ ok }) => ok)).toHaveLength(5);
  });

  it('is refused where no policy opens the channel, and the connection goes on', async () => {
    using client = await SocketClient.connect(app.url);

    for (const channel of ['staff:only', 'nobody:knows', '$state:secret', '$presence:ann']) {
      expect(await client.subscribe(channel)).toEqual({
        ok: false,
        error: { code: 'forbidden', temporary: false, message: `${channel} is not open to you` },
      });
    }
    await client.follow('open:still');
  });

  it.each(['$user:ann', '$session:x', '$role:staff'])(
    'is refused for %s, which only the server follows',
    async (channel) => {
      using client = await SocketClient.connect(app.url);

      expect(await client.subscribe(channel)).toMatchObject({ ok: false, error: { code: 'forbidden' } });
    },
  );

  it.each([
    '',
    ' ',
    '$',
    '$state:',
    '$other:x',
    'open:ä',
    'open:a b',
    'open:a\n',
    'open:a\0',
    'open:"quoted"',
    'open:a,open:b',
    'open:{name}',
    'open:*',
    `open:${'x'.repeat(200)}`,
    42,
    null,
    ['open:a'],
    { toString: 'open:a' },
  ])('is refused for %j, which is no name of a channel', async (channel) => {
    using client = await SocketClient.connect(app.url);

    expect(await client.subscribe(channel)).toMatchObject({ ok: false, error: { code: 'bad_request' } });
    expect(app.connections.get(client.ready.connection)!.channels).toEqual([]);
  });

  it.each(['open:__proto__', 'open:constructor', 'open:toString', `open:${'x'.repeat(195)}`])(
    'takes %s like any other name',
    async (channel) => {
      using client = await SocketClient.connect(app.url);
      await client.follow(channel);

      await app.realtime.publish(channel, 'said', 1);

      await client.received(channel, 1);
      expect(client.position(channel)).toBeDefined();
    },
  );
});

/** So many numbers from the first on. */
function run(first: number, length: number): number[] {
  return Array.from({ length }, (_, i) => first + i);
}

/** The offset that a position stands for, which clients do not look at. */
function offsetOf(position: string): number {
  return [...decodeCursor(position)!.values()][0]!.offset;
}
