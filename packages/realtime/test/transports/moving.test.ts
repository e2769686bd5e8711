import { type Envelope, joinPositions } from '@nestwire/protocol';
import { bearer, knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { SteadyPublisher } from '../support/steady-publisher.js';

describe('a client that moves from one transport to the other', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({
      options: {
        authenticate: knownTokens({ ann: { userId: 'ann', roles: ['staff'] } }),
        history: { size: 100_000, ttlMs: 60_000 },
      },
    });
  });

  afterAll(() => app.close());

  it.each(['json', 'msgpack'])(
    'misses nothing and gets nothing twice, there and back ten times in the middle of a stream (%s)',
    async (encoding) => {
      const channels = [`open:first-${encoding}`, `open:second-${encoding}`];
      const loads = channels.map((channel) => new SteadyPublisher(app.realtime, channel));
      const seen = new Map<string, number[]>(channels.map((channel) => [channel, []]));
      const take = (envelopes: readonly Envelope[]): void => {
        for (const { c, d } of envelopes) seen.get(c)!.push((d as { n: number }).n);
      };
      let cursor: string | undefined;

      for (let i = 0; i < 10; i += 1) {
        using socket = await SocketClient.connect(app.url, { auth: { encoding } });
        for (const channel of channels)
          expect((await socket.follow(channel, cursor)).recovered).toBe(
            cursor === undefined ? undefined : true,
          );
        for (const channel of channels) await socket.received(channel, 30 + i);
        socket.io.disconnect();
        take(socket.envelopes());
        cursor = joinPositions(Object.values(socket.positions));

        using stream = await SseClient.connect(app.url, channels, { lastEventId: cursor });
        for (const channel of channels) {
          expect(stream.ready.channels[channel]).toMatchObject({ recovered: true });
          await stream.received(channel, 30 + i);
        }
        stream.destroy();
        // What came after the last cursor is not covered by it, and would be replayed.
        const covered = stream.writes.filter((write) => write.at(-1)!.id !== undefined).length;
        take(eventsOf(stream, covered));
        cursor = stream.cursor;
      }

      const counts = await Promise.all(loads.map((load) => load.stop()));
      using last = await SocketClient.connect(app.url);
      for (const [i, channel] of channels.entries()) {
        const { replay } = await last.follow(channel, cursor);
        await last.received(channel, replay);
        take(last.envelopes(channel));
        const numbers = seen.get(channel)!;
        expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, k) => numbers[0]! + k));
        expect(numbers.at(-1)).toBe(counts[i]);
        expect(numbers.length).toBeGreaterThan(500);
      }
    },
  );

  it('takes the channels that it follows by itself along', async () => {
    using stream = await SseClient.connect(app.url, 'open:any', { headers: bearer('ann') });
    const { cursor } = stream;
    stream.destroy();
    await app.realtime.toUser('ann').publish('said', 'while moving');
    await app.realtime.toRole('staff').publish('said', 'to all staff');

    const followed = ['$user:ann', '$role:staff', `$session:${stream.ready.sid}`];
    const positions = Object.fromEntries(followed.map((channel) => [channel, cursor]));
    using socket = await SocketClient.connect(app.url, { auth: { token: 'ann', positions } });
    await socket.received('$user:ann', 1);
    await socket.received('$role:staff', 1);
    expect(socket.ready.sid).toBe(stream.ready.sid);
    socket.io.disconnect();
    await app.realtime.toUser('ann').publish('said', 'while moving back');

    using back = await SseClient.connect(app.url, 'open:any', {
      headers: bearer('ann'),
      lastEventId: joinPositions(Object.values(socket.positions)),
    });
    await back.received('$user:ann', 1);

    expect(socket.envelopes().map(({ d, r }) => [d, r])).toEqual(
      expect.arrayContaining([
        ['while moving', 1],
        ['to all staff', 1],
      ]),
    );
    expect(back.events().map(({ d }) => d)).toEqual(['while moving back']);
  });

  it('takes a document along: patches go on where the snapshot and the patches before ended', async () => {
    await app.state.patch('doc:moving', { a: 1, b: 1 });
    using socket = await SocketClient.connect(app.url);
    await socket.follow('$state:doc:moving');
    await socket.received('$state:doc:moving', 1);
    await app.state.patch('doc:moving', { a: 2 });
    await socket.received('$state:doc:moving', 2);
    socket.io.disconnect();
    await app.state.patch('doc:moving', { b: 3 });

    using stream = await SseClient.connect(app.url, '$state:doc:moving', {
      lastEventId: socket.position('$state:doc:moving')!,
    });
    await stream.received('$state:doc:moving', 1);

    expect(socket.envelopes().map(({ n }) => n)).toEqual(['state.snapshot', 'state.patch']);
    expect(stream.events().map(({ event, d }) => [event, d])).toEqual([
      ['state.patch', { set: { b: 3 }, del: [] }],
    ]);
  });

  it('is told over both where its position is of another life of the log', async () => {
    using socket = await SocketClient.connect(app.url);
    const { position } = await socket.follow('open:lives');
    await app.realtime.publish('open:lives', 'said', 1);
    await app.backend.log.rotate('open:lives', await epochOf(app, 'open:lives'), {
      size: 1_000,
      ttlMs: 60_000,
    });
    await app.realtime.publish('open:lives', 'said', 2);
    await socket.until(() => socket.control('gap').length > 0, 'the word of the gap');

    using stream = await SseClient.connect(app.url, 'open:lives', { lastEventId: position });
    expect(stream.ready.channels['open:lives']).toEqual({ recovered: false, replay: 0 });
    using other = await SocketClient.connect(app.url);
    expect(await other.follow('open:lives', position)).toMatchObject({ recovered: false, replay: 0 });
  });
});

/** The events of the first so many writes. */
function eventsOf(stream: SseClient, writes: number): Envelope[] {
  const blocks = stream.writes.slice(0, writes).flat();
  return blocks
    .filter(({ event }) => event !== undefined && !event.startsWith('realtime.'))
    .map(({ data }) => JSON.parse(data!) as Envelope);
}

async function epochOf({ backend }: RunningApp, channel: string): Promise<string> {
  return (await backend.log.end(channel, { size: 1_000, ttlMs: 60_000 })).epoch;
}
