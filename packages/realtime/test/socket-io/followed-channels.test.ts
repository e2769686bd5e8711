import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe('channels that a socket follows by itself', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({
      options: {
        authenticate: knownTokens({
          ann: { userId: 'ann', roles: ['staff'] },
          'ann’s phone': { userId: 'ann', roles: ['staff'] },
          bob: { userId: 'bob', roles: ['staff'] },
        }),
      },
    });
  });

  afterAll(() => app.close());

  const connect = (token: string, positions?: unknown): Promise<SocketClient> =>
    SocketClient.connect(app.url, { auth: { token, positions } });

  it('bring what is for a user to all of its devices and to nobody else', async () => {
    using laptop = await connect('ann');
    using phone = await connect('ann’s phone');
    using bob = await connect('bob');

    await app.realtime.toUser('ann').publish('invoice.ready', { id: 1 });
    await Promise.all([laptop.received('$user:ann', 1), phone.received('$user:ann', 1)]);
    await bob.command('realtime.heartbeat');

    expect(laptop.envelopes()).toMatchObject([{ c: '$user:ann', n: 'invoice.ready', d: { id: 1 } }]);
    expect(bob.envelopes()).toEqual([]);
  });

  it('bring what is for a session to its own connections only', async () => {
    using tab = await connect('ann');
    using otherTab = await connect('ann');
    using phone = await connect('ann’s phone');
    const { sid } = tab.ready;

    await app.realtime.toSession(sid!).publish('cart.changed', 3);
    await Promise.all([tab, otherTab].map((client) => client.received(`$session:${sid}`, 1)));
    await phone.command('realtime.heartbeat');

    expect(phone.envelopes()).toEqual([]);
  });

  it('bring what is for a role to all of its holders', async () => {
    using ann = await connect('ann');
    using bob = await connect('bob');
    using visitor = await SocketClient.connect(app.url);

    await app.realtime.toRole('staff').publish('meeting', 'now');
    await Promise.all([ann, bob].map((client) => client.received('$role:staff', 1)));
    await visitor.command('realtime.heartbeat');

    expect(visitor.envelopes()).toEqual([]);
  });

  it('are resumed by auth.positions: what was missed is replayed once', async () => {
    let positions: unknown;
    {
      using client = await connect('ann');
      await app.realtime.toUser('ann').publish('said', 'seen');
      await client.received('$user:ann', 1);
      ({ positions } = client);
    }
    await app.realtime.toUser('ann').publish('said', 'missed');
    await app.realtime.toRole('staff').publish('said', 'missed too');

    using client = await connect('ann', positions);
    await client.received('$role:staff', 1);
    await client.received('$user:ann', 1);

    expect(client.ready.channels).toEqual({
      '$user:ann': { position: expect.any(String), recovered: true, replay: 1 },
      '$role:staff': { position: expect.any(String), recovered: true, replay: 1 },
      [`$session:${client.ready.sid}`]: { position: expect.any(String), recovered: true, replay: 0 },
      [`$state:session:${client.ready.sid}`]: { position: expect.any(String), recovered: true, replay: 0 },
    });
    expect(new Set(client.envelopes().map(({ d, r }) => `${d as string} ${r}`))).toEqual(
      new Set(['missed 1', 'missed too 1']),
    );
    expect(client.envelopes()).toHaveLength(2);
  });

  it('are not resumed by positions of somebody else, and nobody else’s channel is opened by them', async () => {
    using ann = await connect('ann');
    await app.realtime.toUser('ann').publish('said', 'private');

    using bob = await connect('bob', {
      ...ann.positions,
      '$user:bob': ann.positions['$user:ann'],
      'open:x': 'x',
    });
    await bob.command('realtime.heartbeat');

    expect(Object.keys(bob.ready.channels).sort()).toEqual(
      ['$role:staff', `$session:${bob.ready.sid}`, `$state:session:${bob.ready.sid}`, '$user:bob'].sort(),
    );
    expect(bob.ready.channels['$user:bob']).toEqual({ position: expect.any(String), replay: 0 });
    expect(bob.envelopes()).toEqual([]);
  });

  it.each([
    ['a text', 'garbage'],
    ['a list', ['x']],
    ['a number', 1],
    ['null', null],
  ])('start live where positions are %s', async (_, positions) => {
    using client = await connect('ann', positions);

    expect(client.ready.channels['$user:ann']).toEqual({ position: expect.any(String), replay: 0 });
  });

  it('say so where their own positions cannot be read', async () => {
    using client = await connect('ann', { '$user:ann': 'garbage', '$role:staff': 7, __proto__: { x: 1 } });

    expect(client.ready.channels['$user:ann']).toMatchObject({ recovered: false });
    expect(client.ready.channels['$role:staff']).toMatchObject({ recovered: false });
  });

  it('are not counted among the channels of a connection', async () => {
    await using small = await startApp({
      options: {
        authenticate: knownTokens({ ann: { userId: 'ann', roles: ['staff'] } }),
        limits: { maxChannelsPerConnection: 1 },
      },
    });
    using client = await SocketClient.connect(small.url, { auth: { token: 'ann' } });

    await client.follow('open:one');
    expect(await client.subscribe('open:two')).toMatchObject({ ok: false, error: { code: 'too_large' } });
  });
});
