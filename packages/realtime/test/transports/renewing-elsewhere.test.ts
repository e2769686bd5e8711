import { memoryBackend } from '../../src/index.js';
import { postCommand } from '../support/commands.js';
import { knownTokens } from '../support/known-tokens.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const HISTORY = { size: 100, ttlMs: 60_000 };
const soon = Date.now() + 60_000;
const later = Date.now() + 3_600_000;
const ann = { userId: 'ann', claims: { sid: 'a' } };

const TOKENS = knownTokens({
  ann: { ...ann, roles: ['staff'], expiresAt: soon },
  'ann, fresh': { ...ann, roles: ['staff'], expiresAt: later },
  'ann, no staff any more': { ...ann, roles: [], expiresAt: later },
  'ann, elsewhere': { userId: 'ann', roles: ['staff'], claims: { sid: 'b' }, expiresAt: later },
  bob: { userId: 'bob', roles: ['staff'], claims: { sid: 'a' }, expiresAt: later },
});

describe('realtime.auth for a stream of another node', () => {
  let near: RunningApp;
  let far: RunningApp;
  let stream: SseClient;

  beforeAll(async () => {
    const options = { backend: memoryBackend(), authenticate: TOKENS };
    [near, far] = await Promise.all([startApp({ options }), startApp({ options })]);
  });

  afterAll(() => Promise.all([near.close(), far.close()]));

  beforeEach(async () => {
    stream = await SseClient.connect(far.url, 'staff:room', { headers: { authorization: 'Bearer ann' } });
  });

  afterEach(() => stream.destroy());

  const renew = (token: string, as = 'ann', connection: unknown = stream.ready.connection) =>
    postCommand(
      near.url,
      { id: `${token} ${as}`, command: 'realtime.auth', connection, data: { token } },
      { token: as },
    );

  const expiry = (): number | undefined =>
    far.connections.get(stream.ready.connection)!.identity.principal.expiresAt;

  it('reaches its node, which answers', async () => {
    expect((await renew('ann, fresh')).body).toMatchObject({ ok: true, data: { expiresAt: later } });
    expect(expiry()).toBe(later);

    await near.realtime.publish('staff:room', 'said', 1);
    await stream.received('staff:room', 1);
    expect(stream.events()).toHaveLength(1);
  });

  it('keeps the token where it was handed in', async () => {
    await renew('ann, fresh');
    const channel = `$session:${stream.ready.sid}`;
    const { entries } = await near.backend.log.readKept(channel, 0, HISTORY, { count: 100 });
    expect(entries.map(({ event }) => event)).toContain('realtime.connection-renewal');
    expect(JSON.stringify(entries)).not.toContain('fresh');
  });

  it('tells the client to come back where its roles have changed', async () => {
    await renew('ann, no staff any more');
    await stream.end();
    expect(stream.control('close')).toEqual([{ code: 'retry', reconnect: true }]);
  });

  it('is not found where the connection is another session’s, another user’s, nobody’s, or no connection', async () => {
    const replies = await Promise.all([
      renew('ann, elsewhere', 'ann, elsewhere'),
      renew('bob', 'bob'),
      ...['A'.repeat(16), 'x y', 7].map((connection) => renew('ann, fresh', 'ann', connection)),
    ]);

    expect(replies.map(({ body }) => body.error?.code)).toEqual(replies.map(() => 'not_found'));
    expect(expiry()).toBe(soon);
  });

  it('is refused with a token of another user', async () => {
    expect((await renew('bob', 'ann')).body).toMatchObject({ error: { code: 'unauthenticated' } });
    expect(expiry()).toBe(soon);
  });

  it('is for tokens only: other commands stay on their node', async () => {
    const command = { id: 'p', command: 'realtime.publish', connection: stream.ready.connection, data: {} };
    expect((await postCommand(near.url, command, { token: 'ann' })).body).toMatchObject({
      error: { code: 'not_found' },
    });
  });
});
