import { decode } from '@msgpack/msgpack';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe('MessagePack over Socket.IO', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp();
  });

  afterAll(() => app.close());

  it.each([['websocket'], ['polling']])('brings events as one binary argument over %s', async (transport) => {
    using client = await SocketClient.connect(app.url, {
      auth: { encoding: 'msgpack' },
      transports: [transport],
    });
    const channel = `open:packed-${transport}`;
    await client.follow(channel);

    const { position } = await app.realtime.publish(channel, 'said', {
      text: 'ünï',
      n: 1.5,
      list: [null, true],
    });
    await client.received(channel, 1);

    const [args] = client.raw;
    expect(args).toHaveLength(1);
    expect(Buffer.isBuffer(args![0])).toBe(true);
    expect(decode(args![0] as Buffer)).toEqual([
      [
        {
          c: channel,
          o: 1,
          t: expect.any(Number),
          n: 'said',
          d: { text: 'ünï', n: 1.5, list: [null, true] },
        },
      ],
      { [channel]: position },
    ]);
  });

  it('brings frames of every length that WebSocket tells apart', async () => {
    using client = await SocketClient.connect(app.url, { auth: { encoding: 'msgpack' } });
    using text = await SocketClient.connect(app.url);
    await Promise.all([client.follow('open:lengths'), text.follow('open:lengths')]);
    const lengths = [0, 1, 20, 60, 80, 100, 125, 126, 1_000, 65_400, 65_535, 65_536, 70_000, 200_000];

    for (const length of lengths) await app.realtime.publish('open:lengths', 'said', 'x'.repeat(length));
    await Promise.all([client, text].map((each) => each.received('open:lengths', lengths.length)));

    for (const { envelopes } of [client, text].flatMap(({ batches }) => batches))
      for (const { o, d } of envelopes) expect((d as string).length).toBe(lengths[o - 1]);
  });

  it('is for each client to choose: others of the same channel get JSON', async () => {
    using packed = await SocketClient.connect(app.url, { auth: { encoding: 'msgpack' } });
    using plain = await SocketClient.connect(app.url, { auth: { encoding: 'gzip' } });
    await Promise.all([packed.follow('open:mixed'), plain.follow('open:mixed')]);

    await app.realtime.publish('open:mixed', 'said', { n: 1 });
    await Promise.all([packed.received('open:mixed', 1), plain.received('open:mixed', 1)]);

    expect(plain.raw[0]).toHaveLength(2);
    expect(packed.batches).toEqual(plain.batches);
  });

  it('leaves answers and control events as they are', async () => {
    using client = await SocketClient.connect(app.url, { auth: { encoding: 'msgpack' } });

    expect(client.ready.connection).toEqual(expect.any(String));
    expect(await client.command('realtime.heartbeat')).toMatchObject({ ok: true });
  });

  it('keeps its order among answers under load', async () => {
    using client = await SocketClient.connect(app.url, { auth: { encoding: 'msgpack' } });
    await client.follow('open:order');
    const publishing = setInterval(() => void app.realtime.publish('open:order', 'said', 1), 1);

    for (let i = 0; i < 50; i += 1) await client.command('realtime.heartbeat');
    await client.received('open:order', 50);
    clearInterval(publishing);

    const offsets = client.offsets('open:order');
    expect(offsets).toEqual(Array.from({ length: offsets.length }, (_, i) => i + 1));
  });
});
