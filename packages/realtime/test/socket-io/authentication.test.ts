import { SignJWT } from 'jose';
import { jwtAuthenticator } from '../../src/index.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const SECRET = 'a secret of at least thirty-two characters';
const REFUSED = { code: 'unauthenticated', temporary: false, message: expect.any(String) };

describe('who a socket belongs to', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({
      options: {
        authenticate: jwtAuthenticator({ secret: SECRET, issuer: 'https://us.example', clockToleranceMs: 0 }),
      },
    });
  });

  afterAll(() => app.close());

  it('is the user of auth.token', async () => {
    using client = await SocketClient.connect(app.url, { auth: { token: await tokenOf('42') } });

    expect(Object.keys(client.ready.channels)).toContain('$user:42');
  });

  it('is nobody without a token', async () => {
    using client = await SocketClient.connect(app.url, { auth: {} });

    expect(client.ready).toMatchObject({ sid: null, channels: {} });
  });

  it.each([
    ['expired', () => tokenOf('42', { expiresIn: -10 }), 'expired'],
    ['of another issuer', () => tokenOf('42', { issuer: 'https://them.example' }), 'invalid'],
    ['of another key', () => tokenOf('42', { secret: 'another secret of thirty-two characters' }), 'invalid'],
    ['no JWT at all', () => 'garbage', 'invalid'],
    ['no text', () => ({ userId: '42' }), 'invalid'],
    ['of 20,000 characters', () => 'x'.repeat(20_000), 'invalid'],
  ])('is refused with a token that is %s', async (_, token, reason) => {
    const error = await SocketClient.refused(app.url, { auth: { token: await token() } });

    expect(error).toEqual({ ...REFUSED, details: { reason } });
    expect(app.connections.all()).toEqual([]);
  });

  it.each([
    ['the cookie', (secret: string) => ({ cookie: `theme=dark; realtime_session=${secret}` })],
    ['X-Session-Id', (secret: string) => ({ 'x-session-id': secret })],
    ['both', (secret: string) => ({ cookie: `realtime_session=${secret}`, 'x-session-id': secret })],
  ])('is the session of %s', async (_, headersOf) => {
    const { session, secret } = await app.sessions.create({
      principal: { userId: 'ann', roles: [], claims: {} },
    });
    using client = await SocketClient.connect(app.url, { extraHeaders: headersOf(secret) });

    expect(client.ready.sid).toBe(session.sid);
    expect(Object.keys(client.ready.channels)).toEqual([
      `$session:${session.sid}`,
      `$state:session:${session.sid}`,
      '$user:ann',
    ]);
  });

  it('is refused where the cookie and the header disagree', async () => {
    const [one, other] = [await app.sessions.create(), await app.sessions.create()];
    const extraHeaders = { cookie: `realtime_session=${one.secret}`, 'x-session-id': other.secret };

    expect(await SocketClient.refused(app.url, { extraHeaders })).toEqual(REFUSED);
  });

  it('is refused with a session header that stands for nothing, and let in with such a cookie', async () => {
    const secret = 'A'.repeat(43);

    expect(await SocketClient.refused(app.url, { extraHeaders: { 'x-session-id': secret } })).toEqual(
      REFUSED,
    );
    using client = await SocketClient.connect(app.url, {
      extraHeaders: { cookie: `realtime_session=${secret}` },
    });
    expect(client.ready.sid).toBeNull();
  });

  it('is refused where the token is another user’s than the session', async () => {
    const { secret } = await app.sessions.create({ principal: { userId: 'ann', roles: [], claims: {} } });
    const options = { auth: { token: await tokenOf('bob') }, extraHeaders: { 'x-session-id': secret } };

    expect(await SocketClient.refused(app.url, options)).toEqual(REFUSED);
  });

  it('is refused with a session that was revoked, and is told so', async () => {
    const { session, secret } = await app.sessions.create();
    await app.sessions.revoke(session.sid);

    const error = await SocketClient.refused(app.url, { extraHeaders: { 'x-session-id': secret } });

    expect(error).toEqual({ ...REFUSED, details: { close: 'session_revoked' } });
  });

  it('is not taken from a cookie that a page of another site makes the browser send', async () => {
    const { secret } = await app.sessions.create();
    const cookie = `realtime_session=${secret}`;

    for (const token of [undefined, null, '']) {
      const options = { auth: { token }, extraHeaders: { cookie, origin: 'https://evil.example' } };
      expect(await SocketClient.refused(app.url, options)).toMatchObject({ code: 'forbidden' });
    }
    using own = await SocketClient.connect(app.url, { extraHeaders: { cookie, origin: app.url } });
    expect(own.ready.sid).not.toBeNull();
  });

  it('may be on a page of another site that has a token of its own', async () => {
    using client = await SocketClient.connect(app.url, {
      auth: { token: await tokenOf('42') },
      extraHeaders: { cookie: 'tracking=1', origin: 'https://app.example' },
    });

    expect(Object.keys(client.ready.channels)).toContain('$user:42');
  });
});

interface TokenOptions {
  issuer?: string;
  secret?: string;
  /** Seconds from now. */
  expiresIn?: number;
}

function tokenOf(
  userId: string,
  { issuer = 'https://us.example', secret = SECRET, expiresIn = 60 }: TokenOptions = {},
): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuer(issuer)
    .setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn)
    .sign(new TextEncoder().encode(secret));
}
