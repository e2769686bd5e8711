import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe('batches of events over Socket.IO', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({
      options: {
        authenticate: knownTokens({ ann: { userId: 'ann', roles: ['staff'] }, bob: { userId: 'bob' } }),
      },
    });
  });

  afterAll(() => app.close());

  it('brings what was published in one tick in one packet, to every listener the same', async () => {
    using one = await SocketClient.connect(app.url);
    using other = await SocketClient.connect(app.url);
    await Promise.all([one.follow('open:tick'), other.follow('open:tick')]);

    const events = Array.from({ length: 100 }, (_, n) => ({ channel: 'open:tick', event: 'said', data: n }));
    const outcomes = await app.realtime.publishMany(events);
    await Promise.all([one.received('open:tick', 100), other.received('open:tick', 100)]);

    expect(one.batches).toHaveLength(1);
    expect(other.batches).toEqual(one.batches);
    expect(one.batches[0]!.positions).toEqual({
      'open:tick': (outcomes[99] as { position: string }).position,
    });
  });

  it('brings several channels of one tick together, with a position for each, and each listener its own', async () => {
    using both = await SocketClient.connect(app.url);
    using one = await SocketClient.connect(app.url);
    await both.follow('open:left');
    await both.follow('open:right');
    await one.follow('open:right');

    const channels = ['open:left', 'open:right', 'open:left', 'open:unheard'];
    await app.realtime.publishMany(channels.map((channel, data) => ({ channel, event: 'said', data })));
    await both.received('open:left', 2);
    await one.received('open:right', 1);

    expect(both.batches).toHaveLength(1);
    expect(both.envelopes().map(({ c, d }) => [c, d])).toEqual([
      ['open:left', 0],
      ['open:left', 2],
      ['open:right', 1],
    ]);
    expect(Object.keys(both.batches[0]!.positions).sort()).toEqual(['open:left', 'open:right']);
    expect(Object.keys(one.batches[0]!.positions)).toEqual(['open:right']);
  });

  it('moves the position of who may not see an event within about a second, without an envelope', async () => {
    using ann = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    using bob = await SocketClient.connect(app.url, { auth: { token: 'bob' } });
    await Promise.all([ann.follow('open:roles'), bob.follow('open:roles')]);

    const { position } = await app.realtime.publish('open:roles', 'secret', 1, {
      forRoles: ['staff', 'boss'],
    });
    await ann.received('open:roles', 1);
    await bob.until(() => bob.position('open:roles') === position, { timeoutMs: 2_000 });

    const batches = bob.batches.filter(({ positions }) => 'open:roles' in positions);
    expect(batches).toEqual([{ kind: 'events', envelopes: [], positions: { 'open:roles': position } }]);
  });

  it('skips offsets that are not for everybody, and goes on with the next that is', async () => {
    using bob = await SocketClient.connect(app.url, { auth: { token: 'bob' } });
    await bob.follow('open:skip');

    await app.realtime.publish('open:skip', 'said', 'for all');
    await app.realtime.publish('open:skip', 'said', 'for staff', { forRoles: ['staff'] });
    await app.realtime.publish('open:skip', 'said', 'for all again');
    await bob.received('open:skip', 2);

    expect(bob.offsets('open:skip')).toEqual([1, 3]);
  });

  it('holds back on replay too what a role may not see, or what has expired', async () => {
    const { position } = await app.realtime.publish('open:replay', 'said', 0);
    await app.realtime.publish('open:replay', 'said', 'short', { ttlMs: 1 });
    await app.realtime.publish('open:replay', 'said', 'for staff', { forRoles: ['staff'] });
    await app.realtime.publish('open:replay', 'said', 'for all');
    using bob = await SocketClient.connect(app.url, { auth: { token: 'bob' } });

    await bob.follow('open:replay', position);
    await bob.received('open:replay', 1);

    expect(bob.envelopes('open:replay').map(({ d }) => d)).toEqual(['for all']);
  });

  it('carries whatever JSON can say', async () => {
    const data = { 'quo"te': '\\', text: 'ünï\u2028\u0000💡', list: [[], {}, null, 0.1, 1e21], '': false };
    using client = await SocketClient.connect(app.url);
    await client.follow('open:json');

    await app.realtime.publish('open:json', 'said', data);
    await client.received('open:json', 1);

    expect(client.envelopes('open:json')[0]!.d).toEqual(data);
  });
});
