import { type Backend, memoryBackend } from '../../src/index.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

/** A token is when it runs out, in milliseconds from its first use. */
function shortTokens() {
  const expiry = new Map<string, number>();
  return {
    authenticate: ({ token }: { token?: string }) => {
      if (token === undefined) return null;
      if (!expiry.has(token)) expiry.set(token, Date.now() + Number(token));
      return { userId: 'ann', roles: [], claims: {}, expiresAt: expiry.get(token) };
    },
  };
}

describe('a session that changes on another node', () => {
  let nodes: [RunningApp, RunningApp];

  beforeAll(async () => {
    const backend: Backend = memoryBackend();
    nodes = [await startApp({ options: { backend } }), await startApp({ options: { backend } })];
  });

  afterAll(() => Promise.all(nodes.map((node) => node.close())));

  it('revoked: closes its connections within a second, over both transports, and no others', async () => {
    const [here, there] = nodes;
    const { session, secret } = await here.sessions.create();
    const headers = { 'x-session-id': secret };
    using socket = await SocketClient.connect(there.url, { extraHeaders: headers });
    using stream = await SseClient.connect(there.url, 'open:a', { headers });
    using other = await SocketClient.connect(there.url);

    const since = performance.now();
    await here.sessions.revoke(session.sid);
    await socket.until(() => socket.disconnects.length > 0);
    await stream.until(() => stream.ended, 'the stream to end');

    expect(performance.now() - since).toBeLessThan(1_000);
    expect(socket.close).toEqual({ code: 'session_revoked', reconnect: false });
    expect(stream.control('close')).toEqual([{ code: 'session_revoked', reconnect: false }]);
    expect(socket.envelopes()).toEqual([]);
    expect(other.disconnects).toEqual([]);
  });

  it('rotated: its connections are told to come back', async () => {
    const [here, there] = nodes;
    const { session, secret } = await here.sessions.create();
    using socket = await SocketClient.connect(there.url, { extraHeaders: { 'x-session-id': secret } });
    await here.sessions.rotate(session);
    await socket.until(() => socket.disconnects.length > 0);
    expect(socket.close).toEqual({ code: 'retry', reconnect: true });
  });
});

describe('a connection that outlives its proof', () => {
  it('is ended with the code that says so, a while after a token has run out', async () => {
    await using app = await startApp({ options: { authenticate: shortTokens() } });
    using socket = await SocketClient.connect(app.url, { auth: { token: '300' } });
    using stream = await SseClient.connect(app.url, 'open:a', { headers: { authorization: 'Bearer 301' } });
    await socket.until(() => socket.disconnects.length > 0, { timeoutMs: 10_000 });
    await stream.until(() => stream.ended, 'the stream to end');
    expect(socket.close).toEqual({ code: 'token_expired', reconnect: false });
    expect(stream.control('close')).toEqual([{ code: 'token_expired', reconnect: false }]);
  });

  it('is told ahead, over both transports, and again where a fresh token runs out too', async () => {
    const expiryNoticeMs = 60_000;
    await using app = await startApp({
      options: { authenticate: shortTokens(), sessions: { expiryNoticeMs } },
    });
    using socket = await SocketClient.connect(app.url, { auth: { token: '60400' } });
    using stream = await SseClient.connect(app.url, 'open:a', { headers: { authorization: 'Bearer 60401' } });
    await socket.until(() => socket.control('expiring').length > 0);
    await stream.until(() => stream.control('expiring').length > 0, 'expiring');
    for (const client of [socket, stream]) {
      const [{ inMs }] = client.control<{ inMs: number }>('expiring') as [{ inMs: number }];
      expect(inMs).toBeGreaterThan(expiryNoticeMs - 2_000);
      expect(inMs).toBeLessThanOrEqual(expiryNoticeMs);
    }

    const later = { token: '60800' };
    expect(await socket.command('realtime.auth', later)).toMatchObject({ ok: true });
    await socket.until(() => socket.control('expiring').length > 1);
    expect(socket.control('close')).toEqual([]);
  });

  it('goes on with a fresh token that comes within the grace', async () => {
    await using app = await startApp({ options: { authenticate: shortTokens() } });
    using socket = await SocketClient.connect(app.url, { auth: { token: '300' } });
    const { sid, connection } = socket.ready;
    const { expiresAt } = app.connections.get(connection)!.identity.principal;
    await socket.until(() => Date.now() > expiresAt!);
    expect(await socket.command('realtime.auth', { token: '600000' })).toMatchObject({ ok: true });
    expect(await app.sessions.get(sid!)).toMatchObject({ principal: { userId: 'ann' } });
    expect(app.connections.get(connection)!.identity.principal.expiresAt).toBeGreaterThan(expiresAt!);
  });

  it('holds its session open by being there', async () => {
    await using app = await startApp({ options: { sessions: { ttlMs: 1_000 } } });
    const { session, secret } = await app.sessions.create();
    using socket = await SocketClient.connect(app.url, { extraHeaders: { 'x-session-id': secret } });
    const { expiresAt } = session;
    await socket.until(
      async () => ((await app.sessions.get(session.sid))?.expiresAt ?? 0) > expiresAt + 1_000,
      { timeoutMs: 5_000 },
    );
    expect(socket.disconnects).toEqual([]);
  });
});
