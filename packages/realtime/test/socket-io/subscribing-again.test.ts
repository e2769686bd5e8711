import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { SteadyPublisher } from '../support/steady-publisher.js';

describe('subscribing again, and unsubscribing, over Socket.IO', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ options: { history: { size: 50_000, ttlMs: 60_000 } } });
  });

  afterAll(() => app.close());

  it('starts the channel anew, with no event of the first subscription after the answer of the second', async () => {
    await using load = new SteadyPublisher(app.realtime, 'open:again', 5);
    const { position, offset } = await app.realtime.publish('open:again', 'counted', 0);
    using client = await SocketClient.connect(app.url);
    await client.follow('open:again');

    for (let i = 0; i < 50; i += 1) {
      await client.follow('open:again', i % 2 === 0 ? position : undefined);
      const seen = client.heard.length;
      await client.until(() => client.heard.length > seen + 3, 'events of the new subscription');
    }

    expect(load.count).toBeGreaterThan(100);
    const stretches = stretchesOf(client);
    expect(stretches).toHaveLength(51);
    for (const [i, { start, offsets }] of stretches.entries()) {
      const first = i % 2 === 1 ? offset + 1 : offsets[0];
      expect(start).toBe(i % 2 === 1 ? 'recovered' : 'live');
      expect(offsets).toEqual(Array.from({ length: offsets.length }, (_, k) => first! + k));
    }
  });

  it('takes the last of several subscriptions that are asked for at once', async () => {
    const { position } = await app.realtime.publish('open:last', 'said', 1);
    await app.realtime.publish('open:last', 'said', 2);
    using client = await SocketClient.connect(app.url);

    await Promise.all([
      client.follow('open:last', position),
      client.follow('open:last', 'garbage'),
      client.follow('open:last', position),
    ]);
    await client.received('open:last', 1);
    await app.realtime.publish('open:last', 'said', 3);
    await client.until(() => client.offsets('open:last').at(-1) === 3);

    const afterAnswers = client.heard.slice(client.heard.findLastIndex(({ kind }) => kind === 'answer'));
    expect(
      afterAnswers.flatMap((item) => (item.kind === 'events' ? item.envelopes : [])).map(({ o }) => o),
    ).toEqual([2, 3]);
    expect(app.hub.size).toBeGreaterThan(0);
  });

  it('sends nothing of a channel after unsubscribe was answered, in 50 of 50 tries under load', async () => {
    await using load = new SteadyPublisher(app.realtime, 'open:end', 5);
    using client = await SocketClient.connect(app.url);

    for (let i = 0; i < 50; i += 1) {
      await client.follow('open:end');
      const before = client.envelopes('open:end').length;
      await client.received('open:end', before + 5);
      expect(await client.unsubscribe('open:end')).toEqual({ ok: true, data: {} });
      const seen = client.heard.length;
      const published = load.count;
      await client.until(() => load.count > published + 50);
      await client.command('realtime.heartbeat');
      expect(client.heard.slice(seen).map(({ kind }) => kind)).toEqual(['answer']);
    }
  });

  it('stops a replay in the middle', async () => {
    const { position } = await app.realtime.publish('open:stop', 'said', 0);
    const big = 'x'.repeat(100_000);
    for (let i = 0; i < 50; i += 1) await app.realtime.publish('open:stop', 'said', big);
    using client = await SocketClient.connect(app.url);

    const asked = client.follow('open:stop', position);
    const { ok } = await client.unsubscribe('open:stop');
    await asked;
    const seen = client.heard.length;
    await client.command('realtime.heartbeat');

    expect(ok).toBe(true);
    expect(client.envelopes('open:stop').length).toBeLessThan(50);
    expect(client.heard).toHaveLength(seen + 1);
  });

  it('does not unsubscribe from what it does not follow, or only the server follows', async () => {
    const { secret, session } = await app.sessions.create();
    using client = await SocketClient.connect(app.url, { extraHeaders: { 'x-session-id': secret } });

    for (const channel of ['open:never', `$session:${session.sid}`])
      expect(await client.unsubscribe(channel)).toMatchObject({ ok: false, error: { code: 'not_found' } });
    await app.realtime.toSession(session.sid).publish('still', 1);
    await client.received(`$session:${session.sid}`, 1);
  });
});

interface Stretch {
  start: 'live' | 'recovered';
  offsets: number[];
}

/** The events between one answer and the next. */
function stretchesOf(client: SocketClient): Stretch[] {
  const stretches: Stretch[] = [];
  for (const item of client.heard) {
    if (item.kind === 'answer' && item.answer.ok) {
      const { recovered } = item.answer.data as { recovered?: boolean };
      stretches.push({ start: recovered === true ? 'recovered' : 'live', offsets: [] });
    }
    if (item.kind === 'events') stretches.at(-1)!.offsets.push(...item.envelopes.map(({ o }) => o));
  }
  return stretches;
}
