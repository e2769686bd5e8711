import { joinPositions } from '@nestwire/protocol';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { SteadyPublisher } from '../support/steady-publisher.js';

describe('resuming a channel over Socket.IO', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ options: { history: { size: 20_000, ttlMs: 60_000 } } });
  });

  afterAll(() => app.close());

  async function publish(channel: string, count: number): Promise<string[]> {
    const positions: string[] = [];
    for (let i = 0; i < count; i += 1)
      positions.push((await app.realtime.publish(channel, 'said', i)).position);
    return positions;
  }

  it('replays what was missed, marked, and goes on live', async () => {
    const positions = await publish('open:missed', 5);
    using client = await SocketClient.connect(app.url);

    const start = await client.follow('open:missed', positions[1]);
    await client.received('open:missed', 3);
    await app.realtime.publish('open:missed', 'said', 'live');
    await client.received('open:missed', 4);

    expect(start).toEqual({ position: positions[1], recovered: true, replay: 3 });
    expect(client.envelopes('open:missed').map(({ o, r, d }) => [o, r, d])).toEqual([
      [3, 1, 2],
      [4, 1, 3],
      [5, 1, 4],
      [6, undefined, 'live'],
    ]);
  });

  it('has nothing to replay from the end', async () => {
    const positions = await publish('open:level', 2);
    using client = await SocketClient.connect(app.url);

    expect(await client.follow('open:level', positions[1])).toEqual({
      position: positions[1],
      recovered: true,
      replay: 0,
    });
  });

  it('loses and doubles nothing across 20 reconnects while events are published without a pause', async () => {
    const load = new SteadyPublisher(app.realtime, 'open:busy', 5);
    const numbers: number[] = [];
    let position: string | undefined;

    for (let i = 0; i < 20; i += 1) {
      using client = await SocketClient.connect(app.url);
      const { recovered } = await client.follow('open:busy', position);
      expect(recovered).toBe(position === undefined ? undefined : true);
      await client.received('open:busy', 50 + i * 10);
      client.io.disconnect();
      position = client.position('open:busy');
      assertReplayedFirst(client);
      numbers.push(...client.envelopes('open:busy').map(({ d }) => (d as { n: number }).n));
    }

    const count = await load.stop();
    using last = await SocketClient.connect(app.url);
    const { replay } = await last.follow('open:busy', position);
    await last.received('open:busy', replay);
    numbers.push(...last.envelopes('open:busy').map(({ d }) => (d as { n: number }).n));
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => numbers[0]! + i));
    expect(numbers.at(-1)).toBe(count);
  });

  it('finds its channel in a whole cursor', async () => {
    const [here] = await publish('open:one', 2);
    const [there] = await publish('open:two', 3);
    using client = await SocketClient.connect(app.url);
    const cursor = joinPositions([there!, here!]);

    expect(await client.follow('open:one', cursor)).toMatchObject({ recovered: true, replay: 1 });
    expect(await client.follow('open:two', cursor)).toMatchObject({ recovered: true, replay: 2 });
    await client.received('open:two', 2);
  });

  it('starts a channel live that the cursor does not know', async () => {
    const [elsewhere] = await publish('open:one', 1);
    using client = await SocketClient.connect(app.url);

    expect(await client.follow('open:new', elsewhere)).toEqual({ position: expect.any(String), replay: 0 });
  });

  describe('with a position that cannot be had', () => {
    const good = (): Promise<string> => publish('open:bad', 3).then((positions) => positions[0]!);

    it.each<[string, (position: string) => unknown]>([
      ['is garbage', () => 'garbage'],
      ['is cut short', (position) => position.slice(0, 20)],
      ['is longer than any cursor', (position) => Array(100).fill(position).join('.')],
      ['is no text', () => 42],
      ['is an object', () => ({ epoch: 'x', offset: 1 })],
      ['has another epoch', (position) => changed(position, 10)],
      ['is ahead of the log', (position) => changed(position, 21)],
      ['has another tag', (position) => changed(position, 31)],
    ])('that %s, starts at the end and says so', async (_, damage) => {
      const position = await good();
      using client = await SocketClient.connect(app.url);
      const end = (await app.realtime.publish('open:bad', 'said', 'end')).position;

      expect(await client.follow('open:bad', damage(position))).toEqual({
        position: end,
        recovered: false,
        replay: 0,
      });
      await app.realtime.publish('open:bad', 'said', 'next');
      await client.received('open:bad', 1);
      expect(client.envelopes('open:bad').map(({ d }) => d)).toEqual(['next']);
    });

    it('that the log has forgotten, starts at the end and says so', async () => {
      await using small = await startApp({ options: { history: { size: 3, ttlMs: 60_000 } } });
      const { position } = await small.realtime.publish('open:small', 'said', 0);
      for (let i = 1; i <= 4; i += 1) await small.realtime.publish('open:small', 'said', i);
      using client = await SocketClient.connect(small.url);

      expect(await client.follow('open:small', position)).toMatchObject({ recovered: false, replay: 0 });
    });
  });

  it('replays large events at the pace of the client, one after the other', async () => {
    const big = 'x'.repeat(200_000);
    const { position } = await app.realtime.publish('open:big', 'said', 'first');
    for (let i = 0; i < 40; i += 1) await app.realtime.publish('open:big', 'said', `${i} ${big}`);
    using client = await SocketClient.connect(app.url);
    await client.follow('open:other');
    const others = setInterval(() => void app.realtime.publish('open:other', 'said', 1), 1);

    await client.follow('open:big', position);
    await client.received('open:big', 40, { timeoutMs: 10_000 });
    clearInterval(others);

    expect(client.offsets('open:big')).toEqual(Array.from({ length: 40 }, (_, i) => i + 2));
    expect(client.disconnects).toEqual([]);
    const largest = Math.max(...client.batches.map(({ envelopes }) => JSON.stringify(envelopes).length));
    expect(largest).toBeLessThan(1024 * 1024);
  });
});

/** Replayed events come first, and none after the first live one. */
function assertReplayedFirst(client: SocketClient): void {
  const marks = client.envelopes('open:busy').map(({ r }) => r === 1);
  expect(marks).toEqual([...marks].sort((a, b) => Number(b) - Number(a)));
}

/** The position with one character changed. */
function changed(position: string, index: number): string {
  const other = position[index] === 'A' ? 'B' : 'A';
  return position.slice(0, index) + other + position.slice(index + 1);
}
