import { waitFor } from '@nestwire/harness';
import { Counters } from '../../src/observability/counters.js';
import { type Backend, memoryBackend } from '../../src/index.js';
import { postCommand } from '../support/commands.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const OVER = {
  ok: false,
  error: { code: 'rate_limited', temporary: true, retryAfterMs: expect.any(Number) },
};

function start(limits: object, backend: Backend = memoryBackend()): Promise<RunningApp> {
  const users = { ann: { userId: 'ann' }, bob: { userId: 'bob' } };
  return startApp({ options: { backend, limits, authenticate: knownTokens(users) } });
}

const connect = (app: RunningApp, token: string) => SocketClient.connect(app.url, { auth: { token } });
const publishTo = (client: SocketClient) =>
  client.command('realtime.publish', { channel: 'none', event: 'said' });

describe('what a client may send', () => {
  it('is limited for a connection: commands, publishes, and subscriptions', async () => {
    await using app = await start({ commandsPerSecond: 3, publishesPerSecond: 1, subscriptionsPerSecond: 1 });
    using client = await connect(app, 'ann');
    using neighbour = await connect(app, 'bob');
    const { limited } = app.nest.get(Counters, { strict: false });

    for (let i = 0; i < 10; i += 1)
      expect((await publishTo(client)) as unknown).not.toEqual(expect.objectContaining(OVER));
    expect(await publishTo(client)).toMatchObject(OVER);
    for (let i = 0; i < 10; i += 1) await client.subscribe('open:a');
    expect(await client.subscribe('open:a')).toMatchObject(OVER);
    for (let i = 0; i < 19; i += 1) await client.command('realtime.heartbeat');
    expect(await client.command('realtime.heartbeat')).toMatchObject(OVER);

    expect(limited).toMatchObject({ commands: 1, publishes: 1, subscriptions: 1 });
    expect(await neighbour.command('realtime.heartbeat')).toMatchObject({ ok: true });
  });

  it('is limited for a user over all nodes and both transports, without a round trip to wait for', async () => {
    const backend = memoryBackend();
    const limits = { commandsPerSecondPerUser: 2 };
    await using left = await start(limits, backend);
    await using right = await start(limits, backend);
    using client = await connect(left, 'ann');
    using neighbour = await connect(right, 'bob');
    const heartbeat = { id: 'a', command: 'realtime.heartbeat' };

    for (let i = 0; i < 10; i += 1) await client.command('realtime.heartbeat');
    for (let i = 0; i < 10; i += 1)
      expect((await postCommand(right.url, heartbeat, { token: 'ann' })).status).toBe(200);

    await waitFor(async () => (await postCommand(right.url, heartbeat, { token: 'ann' })).status === 429, {
      what: 'the word of the other node',
    });
    await waitFor(async () => !(await client.command('realtime.heartbeat')).ok, { what: 'the word here' });
    expect(await neighbour.command('realtime.heartbeat')).toMatchObject({ ok: true });
  });

  it('is answered over HTTP with 429 and Retry-After', async () => {
    await using app = await start({ commandsPerSecondPerUser: 1 });
    const send = () => postCommand(app.url, { id: 'a', command: 'realtime.heartbeat' }, { token: 'ann' });
    const answers = [];
    for (let i = 0; i < 11; i += 1) answers.push(await send());

    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
  });
});

describe('requests of nobody’s, about no connection', () => {
  it('are limited by their address, the machine’s own too, which is not kept away', async () => {
    await using app = await start({
      commandsPerSecondPerUser: 1,
      publishesPerSecondPerUser: 1,
      maxOverruns: 2,
    });
    using neighbour = await SocketClient.connect(app.url);
    const { limited, penalties } = app.nest.get(Counters, { strict: false });
    const statuses = async (count: number): Promise<Set<number>> => {
      const heartbeat = (i: number) => postCommand(app.url, { id: `${i}`, command: 'realtime.heartbeat' });
      const answers = await Promise.all(Array.from({ length: count }, (_, i) => heartbeat(i)));
      return new Set(answers.map(({ status }) => status));
    };

    expect(await statuses(10)).toEqual(new Set([200]));
    expect(await statuses(10)).toEqual(new Set([429]));
    expect(limited.commands).toBe(10);
    expect(penalties.overruns).toBe(0);
    expect(await neighbour.command('realtime.heartbeat')).toMatchObject({ ok: true });
    expect(
      await postCommand(app.url, { id: 'a', command: 'realtime.heartbeat' }, { token: 'ann' }),
    ).toMatchObject({
      status: 200,
    });
  });
});

describe('a client that goes on over a limit', () => {
  it('is closed with the reason, then refused for its penalty on every node, and its neighbours notice nothing', async () => {
    const backend = memoryBackend();
    const limits = { commandsPerSecond: 1, maxOverruns: 5, penaltyMs: 2_000 };
    await using left = await start(limits, backend);
    await using right = await start(limits, backend);
    using offender = await SocketClient.connect(left.url, { auth: { token: 'ann' }, reconnection: false });
    using neighbour = await connect(left, 'bob');
    await neighbour.follow('open:room');

    for (let i = 0; i < 30; i += 1)
      offender.io.emit('command', { id: `${i}`, command: 'realtime.heartbeat' });
    await waitFor(() => offender.close, { what: 'the close' });
    expect(offender.close).toEqual({ code: 'rate_limited', reconnect: true, retryAfterMs: 2_000 });

    using refused = await SseClient.open(right.url, 'open:a', { headers: { authorization: 'Bearer ann' } });
    await refused.end();
    expect(Number(/^retry: (\d+)\n\n$/.exec(refused.text)![1])).toBeLessThanOrEqual(2_000);
    await left.realtime.publish('open:room', 'said', 1);
    await neighbour.received('open:room', 1);
    expect(await neighbour.command('realtime.heartbeat')).toMatchObject({ ok: true });
    // The penalty ends by itself.
    using back = new SocketClient(right.url, { auth: { token: 'ann' } });
    await back.until(() => back.ready, { what: 'the end of the penalty', timeoutMs: 10_000 });
    expect(left.nest.get(Counters, { strict: false }).penalties.overruns).toBe(1);
  });

  it('is closed where it sends little else than what cannot be done', async () => {
    await using app = await start({ errorsPerSecond: 1 });
    using client = await SocketClient.connect(app.url, { auth: { token: 'ann' }, reconnection: false });
    for (let i = 0; i < 15; i += 1) client.io.emit('command', { id: `${i}`, command: 'no.such' });
    await waitFor(() => client.close, { what: 'the close' });

    expect(client.close).toMatchObject({ code: 'failing', reconnect: true, retryAfterMs: 30_000 });
  });
});
