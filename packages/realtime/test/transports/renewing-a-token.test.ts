import { postCommand } from '../support/commands.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const soon = Date.now() + 60_000;
const later = Date.now() + 3_600_000;

describe('realtime.auth: a fresh token on an open connection', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({
      options: {
        authenticate: knownTokens({
          ann: { userId: 'ann', roles: ['staff'], claims: { sid: 'a' }, expiresAt: soon },
          'ann, fresh': { userId: 'ann', roles: ['staff'], claims: { sid: 'a' }, expiresAt: later },
          'ann, no staff any more': { userId: 'ann', roles: [], claims: { sid: 'a' }, expiresAt: later },
          'ann, promoted': {
            userId: 'ann',
            roles: ['staff', 'boss'],
            claims: { sid: 'a' },
            expiresAt: later,
          },
          bob: { userId: 'bob', roles: ['staff'] },
        }),
      },
    });
  });

  afterAll(() => app.close());

  const connect = (): Promise<SocketClient> => SocketClient.connect(app.url, { auth: { token: 'ann' } });

  it('goes on as before, until the fresh token runs out', async () => {
    using client = await connect();
    await client.follow('staff:room');

    expect(await client.command('realtime.auth', { token: 'ann, fresh' })).toMatchObject({
      ok: true,
      data: { expiresAt: later },
    });
    await app.realtime.publish('staff:room', 'said', 1);
    await client.received('staff:room', 1);

    const { principal } = app.connections.get(client.ready.connection)!.identity;
    expect(principal.expiresAt).toBe(later);
    expect(client.disconnects).toEqual([]);
  });

  it.each([
    ['another user’s', 'bob', 'unauthenticated'],
    ['not known', 'garbage', 'unauthenticated'],
    ['empty', '', 'bad_request'],
    ['no text', 7, 'bad_request'],
    ['missing', undefined, 'bad_request'],
  ])('is refused with a token that is %s, and goes on with the one before', async (_, token, code) => {
    using client = await connect();

    expect(await client.command('realtime.auth', { token })).toMatchObject({ ok: false, error: { code } });

    expect(app.connections.get(client.ready.connection)!.identity.principal.userId).toBe('ann');
    expect(await client.subscribe('staff:still')).toMatchObject({ ok: true });
  });

  it.each(['ann, no staff any more', 'ann, promoted'])(
    'tells the client to come back where the roles have changed: %s',
    async (token) => {
      using client = await connect();
      await client.follow('staff:room');
      client.io.auth = { token };

      client.io.emit('command', { id: token, command: 'realtime.auth', data: { token } });
      await client.until(() => client.control('ready').length === 2, 'the second ready');

      expect(client.close).toEqual({ code: 'retry', reconnect: true });
      const isStaff = token === 'ann, promoted';
      expect(await client.subscribe('staff:room')).toMatchObject({ ok: isStaff });
      expect('$role:boss' in client.ready.channels).toBe(isStaff);
    },
  );

  it('over HTTP is about the connection that is named', async () => {
    using stream = await SseClient.connect(app.url, 'staff:room', {
      headers: { authorization: 'Bearer ann' },
    });
    const command = { id: 'sse', command: 'realtime.auth', data: { token: 'ann, fresh' } };
    const { connection } = stream.ready;

    const { body } = await postCommand(app.url, { ...command, connection }, { token: 'ann' });

    expect(body).toMatchObject({ ok: true, data: { expiresAt: later } });
    expect(app.connections.get(connection)!.identity.principal.expiresAt).toBe(later);
    expect((await postCommand(app.url, command, { token: 'ann' })).body).toMatchObject({
      error: { code: 'bad_request' },
    });
  });
});
