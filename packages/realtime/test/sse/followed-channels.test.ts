import { channelHash } from '@nestwire/protocol';
import { bearer, knownTokens } from '../support/known-tokens.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const ROLES = Array.from({ length: 60 }, (_, i) => `role-${i}`);

describe('channels that a stream follows by itself', () => {
  let app: RunningApp;

  beforeAll(async () => {
    const authenticate = knownTokens({
      a: { userId: '42', roles: ['staff', 'boss'] },
      b: { userId: '43' },
      many: { userId: '44', roles: ROLES },
    });
    app = await startApp({ options: { authenticate } });
  });

  afterAll(() => app.close());

  it('are those of its session, its user and its roles', async () => {
    using client = await SseClient.connect(app.url, 'open:a', { headers: bearer('a') });
    const { sid, channels } = client.ready;

    expect(sid).toMatch(/^[\w-]{22}$/);
    expect(Object.keys(channels)).toEqual([
      'open:a',
      `$session:${sid}`,
      `$state:session:${sid}`,
      '$user:42',
      '$role:staff',
      '$role:boss',
    ]);
    for (const channel of Object.keys(channels)) expect(client.cursor).toContain(channelHash(channel));
  });

  it('bring what is published to the session, the user and the role, to nobody else', async () => {
    using client = await SseClient.connect(app.url, [], { headers: bearer('a') });
    using other = await SseClient.connect(app.url, [], { headers: bearer('b') });

    await app.realtime.toUser('42').publish('e', 'user');
    await app.realtime.toSession(client.ready.sid!).publish('e', 'session');
    await app.realtime.toRole('boss').publish('e', 'role');
    await app.realtime.toUser('43').publish('e', 'other');
    await client.until(() => client.events().length === 3, 'all three');
    await other.until(() => other.events().length === 1, 'one');

    expect(client.events().map(({ d }) => d)).toEqual(['user', 'session', 'role']);
    expect(other.events()).toMatchObject([{ c: '$user:43', d: 'other' }]);
  });

  it('are resumed by the same cursor', async () => {
    const first = await SseClient.connect(app.url, 'open:b', { headers: bearer('a') });
    first.destroy();
    await app.realtime.toUser('42').publish('e', 'missed');

    using client = await SseClient.connect(app.url, 'open:b', {
      headers: bearer('a'),
      lastEventId: first.cursor!,
    });
    await client.until(() => client.events().length === 1, 'what was missed');

    expect(client.ready.channels).toMatchObject({
      'open:b': { recovered: true },
      '$user:42': { recovered: true, replay: 1 },
      '$role:staff': { recovered: true, replay: 0 },
    });
    expect(client.events()).toMatchObject([{ c: '$user:42', d: 'missed', r: 1 }]);
  });

  it("are one's own, whatever the cursor says of another's", async () => {
    const first = await SseClient.connect(app.url, [], { headers: bearer('a') });
    first.destroy();
    await app.realtime.toUser('42').publish('e', 'not for 43');

    using client = await SseClient.connect(app.url, [], { headers: bearer('b'), lastEventId: first.cursor! });

    expect(client.ready.channels['$user:43']).toEqual({ replay: 0 });
    expect(client.cursor).not.toContain(channelHash('$user:42'));
    expect(client.events()).toEqual([]);
  });

  it('are none of a visitor without a name', async () => {
    using client = await SseClient.connect(app.url, 'open:a');

    expect(client.ready).toMatchObject({ sid: null, channels: { 'open:a': { replay: 0 } } });
  });

  it('never make a cursor that is too long to come back with; those without room start anew, and it is told', async () => {
    const channels = Array.from({ length: 32 }, (_, i) => `open:${i}`);
    const options = { headers: bearer('many') };
    const first = await SseClient.connect(app.url, channels, options);
    first.destroy();
    expect(Object.keys(first.ready.channels)).toHaveLength(32 + 3 + 60);

    using client = await SseClient.connect(app.url, channels, { ...options, lastEventId: first.cursor! });

    const outcomes = Object.values(client.ready.channels) as { recovered?: boolean }[];
    expect(outcomes.slice(0, 35).every(({ recovered }) => recovered)).toBe(true);
    expect(outcomes.at(-1)).toEqual({ recovered: false, replay: 0 });
    expect(outcomes.filter(({ recovered }) => recovered === undefined)).toEqual([]);
  });
});
