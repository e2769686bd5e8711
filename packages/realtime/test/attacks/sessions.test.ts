import { createHash } from 'node:crypto';
import { SocketClient } from '../support/socket-client.js';
import { handshake, Scene, stream } from './scene.js';

const cookieOf = (secret: string): { cookie: string } => ({ cookie: `realtime_session=${secret}` });

/** The same secret with one character changed. */
function nearMiss(secret: string, at: number): string {
  return secret.slice(0, at) + (secret[at] === 'A' ? 'B' : 'A') + secret.slice(at + 1);
}

describe('an attack on a session', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.set({ to: 'userAgent' });
  });

  afterAll(() => scene[Symbol.asyncDispose]());

  it('fixation: a planted secret is worth nothing once its victim has signed in', async () => {
    const { secret, session } = await scene.app.sessions.create();
    const response = await fetch(`${scene.url}/login`, { method: 'POST', headers: cookieOf(secret) });
    const fresh = response.headers.getSetCookie()[0]!.split(';')[0]!;
    expect(fresh).not.toBe(cookieOf(secret).cookie);
    await scene.attacked('unauthenticated', () => handshake(scene.url, {}, { 'x-session-id': secret }));
    using thief = await SocketClient.connect(scene.url, { extraHeaders: cookieOf(secret) });
    expect(thief.ready.sid).toBeNull();
    using victim = await SocketClient.connect(scene.url, {
      extraHeaders: { cookie: fresh, 'user-agent': 'node' },
    });
    expect(victim.ready.sid).toBe(session.sid);
  });

  it('fixation: a secret of the attacker’s own making is never taken over', async () => {
    const planted = 'A'.repeat(43);
    const response = await fetch(`${scene.url}/login`, { method: 'POST', headers: cookieOf(planted) });
    expect(response.headers.getSetCookie()[0]).not.toContain(planted);
    await scene.attacked('unauthenticated', () => handshake(scene.url, {}, { 'x-session-id': planted }));
  });

  it('theft of a cookie, used from elsewhere: refused over both transports, and counted', async () => {
    const { secret } = await scene.app.sessions.create();
    using owner = await SocketClient.connect(scene.url, {
      extraHeaders: { ...cookieOf(secret), 'user-agent': 'owner' },
    });
    const stolen = { ...cookieOf(secret), 'user-agent': 'thief' };
    await scene.attacked('unauthenticated', () => handshake(scene.url, {}, stolen));
    await scene.attacked('unauthenticated', () => stream(scene.url, 'open:a', stolen));
    expect(await scene.metric('nestwire_session_mismatches_total')).toMatchObject({ 'action="reject"': 2 });
    expect(owner.disconnects).toEqual([]);
  });

  it('a guessed id, and near misses of a real one, are refused', async () => {
    const { secret, session } = await scene.app.sessions.create();
    const guesses = [
      session.sid,
      nearMiss(secret, 0),
      nearMiss(secret, 41),
      secret.slice(1),
      `${secret}A`,
      secret.toLowerCase(),
    ];
    for (const guess of guesses)
      await scene.attacked('unauthenticated', () => handshake(scene.url, {}, { 'x-session-id': guess }));
  });

  it('a guess is compared with nothing: what is looked up is its hash, which tells nothing of how near it was', async () => {
    const { secret } = await scene.app.sessions.create();
    const asked: string[] = [];
    const { sessions } = scene.app.backend;
    const find = sessions.findBySecretHash.bind(sessions);
    sessions.findBySecretHash = (hash) => (asked.push(hash), find(hash));
    const guess = nearMiss(secret, 41);
    await scene.attacked('unauthenticated', () => handshake(scene.url, {}, { 'x-session-id': guess }));
    sessions.findBySecretHash = find;
    expect(asked).toEqual([createHash('sha256').update(guess).digest('base64url')]);
  });

  it('replay of a resume token: refused, and whoever has the session is signed out', async () => {
    const { secret } = await scene.app.sessions.create();
    using first = await SocketClient.connect(scene.url, { extraHeaders: { 'x-session-id': secret } });
    const stolen = first.ready.resumeToken!;
    using second = await SocketClient.connect(scene.url, { auth: { resumeToken: stolen } });
    using third = await SocketClient.connect(scene.url, { auth: { resumeToken: second.ready.resumeToken } });
    await scene.attacked('unauthenticated', () => handshake(scene.url, { resumeToken: stolen }));
    await third.until(() => third.close?.code === 'session_revoked');
    expect(await scene.metric('nestwire_resumptions_total')).toMatchObject({ 'outcome="replayed"': 1 });
  });
});
