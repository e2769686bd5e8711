import { postCommand } from '../support/commands.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const tokenOf = (client: SocketClient | SseClient): string => client.ready.resumeToken!;

describe('a resume token', () => {
  let app: RunningApp;

  beforeAll(async () => {
    const authenticate = knownTokens({ ann: { userId: 'ann', roles: ['staff'] }, bob: { userId: 'bob' } });
    app = await startApp({ options: { authenticate } });
  });

  afterAll(() => app.close());

  const bySocket = (resumeToken: string): Promise<SocketClient> =>
    SocketClient.connect(app.url, { auth: { resumeToken } });
  const byStream = (resumeToken: string): Promise<SseClient> =>
    SseClient.connect(app.url, 'staff:a', { headers: { 'x-resume-token': resumeToken } });
  const refusal = (resumeToken: unknown) => SocketClient.refused(app.url, { auth: { resumeToken } });

  it('opens the same session over either transport, once, and is followed by another', async () => {
    using first = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    using second = await byStream(tokenOf(first));
    using third = await bySocket(tokenOf(second));

    expect(new Set([first, second, third].map(({ ready }) => ready.sid)).size).toBe(1);
    expect(new Set([first, second, third].map(tokenOf)).size).toBe(3);
    expect(await third.subscribe('staff:a')).toMatchObject({ ok: true });
  });

  it('is not for who has a cookie, which scripts cannot read, nor for who has no session or a ticket', async () => {
    const { secret } = await app.sessions.create();
    const cookie = { cookie: `realtime_session=${secret}` };
    using socket = await SocketClient.connect(app.url, { extraHeaders: cookie });
    using stream = await SseClient.connect(app.url, 'open:a', { headers: cookie });
    using nobody = await SocketClient.connect(app.url);
    for (const client of [socket, stream, nobody]) expect(client.ready).not.toHaveProperty('resumeToken');
  });

  it('stays good for as long as its successor is not used: an answer may be lost', async () => {
    using first = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    const token = tokenOf(first);
    using lost = await bySocket(token);
    using again = await bySocket(token);
    using next = await bySocket(tokenOf(lost));
    expect(next.ready.sid).toBe(again.ready.sid);
  });

  it('that was used up is taken for stolen: the session is revoked, and its connections are closed', async () => {
    const { session, secret } = await app.sessions.create();
    using first = await SocketClient.connect(app.url, { extraHeaders: { 'x-session-id': secret } });
    using second = await bySocket(tokenOf(first));
    using third = await bySocket(tokenOf(second));

    expect(await refusal(tokenOf(first))).toMatchObject({
      code: 'unauthenticated',
      details: { close: 'session_revoked' },
    });
    await third.until(() => third.disconnects.length > 0);
    expect(third.close).toEqual({ code: 'session_revoked', reconnect: false });
    expect(await app.sessions.get(session.sid)).toBeUndefined();
    expect(await refusal(tokenOf(third))).toMatchObject({ code: 'unauthenticated' });
  });

  it.each([['not one'], ['a'.repeat(22) + '.' + 'b'.repeat(43)], [7], [{}], ['x'.repeat(20_000)]])(
    'that never was is refused: %p',
    async (token) => {
      expect(await refusal(token)).toMatchObject({
        code: 'unauthenticated',
        details: { reason: 'invalid' },
      });
    },
  );

  it('whose time is up is passed over where there is other proof', async () => {
    const auth = { token: 'ann', resumeToken: 'a'.repeat(22) + '.' + 'b'.repeat(43) };
    using client = await SocketClient.connect(app.url, { auth });
    expect(client.ready.channels).toHaveProperty('$user:ann');
  });

  it('is not good beside another session or another user', async () => {
    using client = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    const { secret } = await app.sessions.create();
    const resumeToken = tokenOf(client);
    expect(
      await SocketClient.refused(app.url, {
        auth: { resumeToken },
        extraHeaders: { 'x-session-id': secret },
      }),
    ).toMatchObject({ code: 'unauthenticated' });
    expect(await SocketClient.refused(app.url, { auth: { resumeToken, token: 'bob' } })).toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('dies with the secret that its connection was opened with', async () => {
    const { session, secret } = await app.sessions.create();
    using client = await SocketClient.connect(app.url, { extraHeaders: { 'x-session-id': secret } });
    client.io.io.reconnection(false);
    await app.sessions.rotate(session);
    expect(await refusal(tokenOf(client))).toMatchObject({ code: 'unauthenticated' });
  });

  it('is told again by realtime.auth', async () => {
    using stream = await SseClient.connect(app.url, 'staff:a', { headers: { authorization: 'Bearer ann' } });
    const command = { id: '1', command: 'realtime.auth', data: { token: 'ann' } };
    const { connection } = stream.ready;
    const { body } = await postCommand(app.url, { ...command, connection }, { token: 'ann' });
    expect(body).toMatchObject({ ok: true, data: { resumeToken: tokenOf(stream) } });
  });

  it('is good for the grace after its connection has ended, and no longer', async () => {
    await using brief = await startApp({ options: { sessions: { resumeGraceMs: 300 } } });
    const { secret } = await brief.sessions.create();
    const headers = { 'x-session-id': secret };
    const first = await SocketClient.connect(brief.url, { extraHeaders: headers });
    first[Symbol.dispose]();
    await brief.idle();
    using second = await SocketClient.connect(brief.url, { auth: { resumeToken: tokenOf(first) } });
    second[Symbol.dispose]();
    await brief.idle();
    const resumeToken = tokenOf(second);
    const chain = resumeToken.slice(0, 22);
    await second.until(
      async () => (await brief.backend.sessions.resume(chain, 'replay', 'x', 0)) === undefined,
      'the chain to end',
    );
    expect(await SocketClient.refused(brief.url, { auth: { resumeToken } })).toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('is handed out to nobody where that is turned off', async () => {
    await using off = await startApp({ options: { sessions: { resumeGraceMs: 0 } } });
    const { secret } = await off.sessions.create();
    using client = await SocketClient.connect(off.url, { extraHeaders: { 'x-session-id': secret } });
    expect(client.ready).not.toHaveProperty('resumeToken');
  });
});
