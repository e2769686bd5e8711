import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe('a session that ends while its sockets are open', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ options: { authenticate: knownTokens({ ann: { userId: 'ann' } }) } });
  });

  afterAll(() => app.close());

  it.each([[['websocket']], [['polling']], [['polling', 'websocket']]])(
    'revoked: closes all its connections over %j, which stay away, and no others',
    async (transports) => {
      const { session, secret } = await app.sessions.create();
      const extraHeaders = { 'x-session-id': secret };
      using one = await SocketClient.connect(app.url, { extraHeaders, transports });
      using two = await SocketClient.connect(app.url, { extraHeaders, transports });
      using other = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
      let attempts = 0;
      for (const { io } of [one, two]) io.io.on('reconnect_attempt', () => (attempts += 1));

      await app.sessions.revoke(session.sid);
      await Promise.all([one, two].map((client) => client.until(() => client.disconnects.length > 0)));

      for (const client of [one, two]) {
        expect(client.close).toEqual({ code: 'session_revoked', reconnect: false });
        expect(client.disconnects).toEqual(['io server disconnect']);
        expect(client.io.active).toBe(false);
      }
      expect(attempts).toBe(0);
      expect(app.connections.all().map(({ id }) => id)).toEqual([other.ready.connection]);
      expect(await SocketClient.refused(app.url, { extraHeaders })).toMatchObject({
        code: 'unauthenticated',
      });
    },
  );

  it('revoked: brings nothing of what is published after', async () => {
    const { session, secret } = await app.sessions.create();
    using client = await SocketClient.connect(app.url, { extraHeaders: { 'x-session-id': secret } });
    await client.follow('open:secrets');

    await app.sessions.revoke(session.sid);
    await app.realtime.publish('open:secrets', 'said', 'after');
    await client.until(() => client.disconnects.length > 0);

    expect(client.envelopes()).toEqual([]);
  });

  it('revoked while it is being let in: is not let in, whenever that is', async () => {
    for (let delay = 0; delay < 20; delay += 1) {
      const { session, secret } = await app.sessions.create();
      using client = new SocketClient(app.url, { extraHeaders: { 'x-session-id': secret } });
      let refused = false;
      client.io.on('connect_error', () => (refused = true));
      await reached(app, session.sid, delay);

      await app.sessions.revoke(session.sid);

      await client.until(() => refused || client.disconnects.length > 0, `the end, delayed by ${delay}`);
      expect(app.connections.all()).toEqual([]);
    }
  });

  it('rotated while it is being let in: does not stay with the secret of before, whenever that is', async () => {
    for (let delay = 0; delay < 20; delay += 1) {
      const { session, secret } = await app.sessions.create();
      using client = new SocketClient(app.url, { extraHeaders: { 'x-session-id': secret } });
      const refusal = new Promise<Error>((resolve) => client.io.once('connect_error', resolve));
      await reached(app, session.sid, delay);

      const fresh = await app.sessions.rotate(session.sid);

      expect(await refusal).toMatchObject({ data: { code: 'unauthenticated' } });
      expect(app.connections.all()).toEqual([]);
      using next = await SocketClient.connect(app.url, { extraHeaders: { 'x-session-id': fresh.secret } });
      expect(next.ready.sid).toBe(session.sid);
      await next.command('realtime.heartbeat');
      expect(next.disconnects).toEqual([]);
    }
  });

  it('rotated: tells its connections to come back, which the secret of before does not let them', async () => {
    const { session, secret } = await app.sessions.create();
    using client = await SocketClient.connect(app.url, { extraHeaders: { 'x-session-id': secret } });
    const refusal = new Promise<Error>((resolve) => client.io.once('connect_error', resolve));

    await app.sessions.rotate(session.sid);

    expect(await refusal).toMatchObject({ data: { code: 'unauthenticated' } });
    expect(client.close).toEqual({ code: 'retry', reconnect: true });
  });
});

/** Resolves so many turns of the microtask queue after the server has looked for the session. */
function reached(app: RunningApp, sid: string, turns: number): Promise<void> {
  const { sessions } = app.backend;
  const original = sessions.findBySecretHash.bind(sessions);
  return new Promise((resolve) => {
    sessions.findBySecretHash = async (hash) => {
      const found = await original(hash);
      if (found?.sid === sid) {
        sessions.findBySecretHash = original;
        void (async () => {
          for (let i = 0; i < turns; i += 1) await Promise.resolve();
          resolve();
        })();
      }
      return found;
    };
  });
}
