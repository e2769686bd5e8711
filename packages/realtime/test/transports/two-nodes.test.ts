import { type Backend, memoryBackend } from '../../src/index.js';
import { postCommand } from '../support/commands.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { SteadyPublisher } from '../support/steady-publisher.js';

describe('two nodes on one backend', () => {
  let backend: Backend;
  let left: RunningApp;
  let right: RunningApp;

  beforeAll(async () => {
    backend = memoryBackend();
    const options = {
      backend,
      authenticate: knownTokens({ ann: { userId: 'ann' } }),
      history: { size: 100_000, ttlMs: 60_000 },
    };
    [left, right] = [await startApp({ options }), await startApp({ options })];
  });

  afterAll(() => Promise.all([left.close(), right.close()]));

  it('bring the same events in the same order to clients of either, over both transports', async () => {
    using one = await SocketClient.connect(left.url);
    using two = await SocketClient.connect(right.url);
    using three = await SseClient.connect(right.url, 'open:shared');
    await Promise.all([one, two].map((client) => client.follow('open:shared')));

    const loads = [left, right].map(({ realtime }) => new SteadyPublisher(realtime, 'open:shared'));
    await one.received('open:shared', 500);
    const counts = await Promise.all(loads.map((load) => load.stop()));
    const total = counts[0]! + counts[1]!;
    await Promise.all([one, two, three].map((client) => client.received('open:shared', total)));

    const offsets = Array.from({ length: total }, (_, i) => i + 1);
    for (const client of [one, two, three]) expect(client.offsets('open:shared')).toEqual(offsets);
    expect(two.envelopes('open:shared')).toEqual(one.envelopes('open:shared'));
  });

  it('let a client come back on either, again and again, without a hole', async () => {
    const load = new SteadyPublisher(left.realtime, 'open:roaming');
    const numbers: number[] = [];
    let position: string | undefined;

    for (let i = 0; i < 20; i += 1) {
      using client = await SocketClient.connect([left, right][i % 2]!.url);
      await client.follow('open:roaming', position);
      await client.received('open:roaming', 20);
      client.io.disconnect();
      position = client.position('open:roaming');
      numbers.push(...client.envelopes().map(({ d }) => (d as { n: number }).n));
    }

    await load.stop();
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => numbers[0]! + i));
  });

  it('find out alike that a log has begun anew', async () => {
    using listening = await SocketClient.connect(left.url);
    await listening.follow('open:reborn');
    const { epoch } = await backend.log.end('open:reborn', { size: 1_000, ttlMs: 60_000 });
    await backend.log.rotate('open:reborn', epoch, { size: 1_000, ttlMs: 60_000 });

    // This node has not heard of the new log yet when somebody brings a position of it.
    using elsewhere = await SocketClient.connect(right.url);
    const { position } = await elsewhere.follow('open:reborn');
    using moved = await SocketClient.connect(left.url);
    expect(await moved.follow('open:reborn', position)).toMatchObject({ recovered: true, replay: 0 });
    await right.realtime.publish('open:reborn', 'said', 1);
    const clients = [listening, elsewhere, moved];
    await Promise.all(clients.slice(1).map((client) => client.received('open:reborn', 1)));
    await listening.until(() => listening.control('gap').length > 0, 'the word of the gap');

    expect(listening.control('gap')).toEqual([
      { channel: 'open:reborn', reason: 'epoch', position: expect.any(String) },
    ]);
    await right.realtime.publish('open:reborn', 'said', 2);
    await Promise.all(
      clients.map((client) => client.until(() => client.offsets('open:reborn').at(-1) === 2)),
    );
    expect(moved.offsets('open:reborn')).toEqual([1, 2]);
    expect(moved.control('gap')).toEqual([]);
  });

  it('run a command once, whichever brings it', async () => {
    using client = await SocketClient.connect(left.url, { auth: { token: 'ann' } });
    const data = { channel: 'open:none', event: 'said' };
    const command = { id: 'once', command: 'realtime.publish', data };

    const first = await client.ask('command', command);
    const second = await postCommand(right.url, command, { token: 'ann' });

    expect(second.body).toEqual(first);
  });

  it('do not find the connection of the other’s clients by its id', async () => {
    using client = await SocketClient.connect(left.url, { auth: { token: 'ann' } });
    const command = { id: 'where', command: 'realtime.heartbeat', connection: client.ready.connection };

    expect((await postCommand(right.url, command, { token: 'ann' })).status).toBe(404);
  });

  it('are left empty by clients that have gone', async () => {
    await Promise.all([left.idle(), right.idle()]);

    expect([left.hub.size, right.hub.size]).toEqual([0, 0]);
  });
});
