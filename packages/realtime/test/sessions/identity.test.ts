import { UnauthorizedException } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { Identity } from '../../src/sessions/identity.js';
import { ANONYMOUS } from '../../src/sessions/principal.js';
import { countOf, KnownTokens, MINUTE, request, user, withCookie, World } from './support/world.js';

describe('who a request belongs to', () => {
  const tokens = new KnownTokens();
  let world: World;

  beforeEach(() => {
    world = new World(tokens);
    tokens.principals.clear();
    tokens.principals.set('of-42', user('42', { roles: ['staff'], expiresAt: world.now + 20 * MINUTE }));
    tokens.principals.set('of-7', user('7'));
  });

  const resolve = (req: IncomingMessage, token?: unknown) =>
    world.identities.resolve({ request: req, transport: 'http', token });
  const bearer = (token: string, headers: Record<string, string> = {}) =>
    request({ authorization: `Bearer ${token}`, ...headers });
  const unauthenticated = (details?: unknown) => ({
    code: 'unauthenticated',
    ...(details ? { details } : {}),
  });

  it('is nobody where it brings nothing', async () => {
    expect(await resolve(request())).toEqual({ principal: ANONYMOUS, session: null });
  });

  it.each(['cookie', 'header', 'both'])('is the session’s user, by %s', async (way) => {
    const { session, secret } = await world.sessions.create({ principal: user('42') });
    const cookie = { cookie: `realtime_session=${secret}` };
    const header = { 'x-session-id': secret };
    const req = request({ ...(way !== 'header' && cookie), ...(way !== 'cookie' && header) });
    expect(await resolve(req)).toEqual({ principal: session.principal, session });
  });

  it('is refused where cookie and header disagree', async () => {
    const one = await world.sessions.create();
    const two = await world.sessions.create();
    const req = request({ cookie: `realtime_session=${one.secret}`, 'x-session-id': two.secret });
    await expect(resolve(req)).rejects.toMatchObject(unauthenticated());
  });

  it('is refused where there are two session cookies, as another host of the domain could have set one', async () => {
    const [mine, foreign] = [await world.sessions.create(), await world.sessions.create()];
    const both = `realtime_session=${foreign.secret}; other=realtime_session; realtime_session=${mine.secret}`;
    await expect(resolve(request({ cookie: both }))).rejects.toMatchObject(unauthenticated());
    const same = `realtime_session=${mine.secret}; realtime_session=${mine.secret}; realtime_session=`;
    expect(await resolve(request({ cookie: same }))).toMatchObject({ session: mine.session });
    const alike = `realtime_session2=x; realtime_session=${mine.secret}`;
    expect(await resolve(request({ cookie: alike }))).toMatchObject({ session: mine.session });
  });

  it('passes over a cookie that stands for no session, and refuses such a header', async () => {
    const stale = 'A'.repeat(43);
    expect(await resolve(withCookie(stale))).toEqual({ principal: ANONYMOUS, session: null });
    await expect(resolve(request({ 'x-session-id': stale }))).rejects.toMatchObject(unauthenticated());
  });

  it('looks up nothing that cannot be a secret', async () => {
    const { session } = await world.sessions.create();
    for (const text of ['x', session.sid, 'A'.repeat(44), 'A'.repeat(10_000), `${'A'.repeat(42)}é`]) {
      expect(await resolve(withCookie(text))).toMatchObject({ session: null });
      await expect(resolve(request({ 'x-session-id': text }))).rejects.toMatchObject(unauthenticated());
    }
    expect(await resolve(withCookie(''))).toMatchObject({ session: null });
    expect(countOf(world, 'findBySecretHash')).toBe(0);
  });

  it('is refused with a revoked session, by cookie, by header, and with a good token beside it', async () => {
    const { session, secret } = await world.sessions.create({ principal: user('42') });
    await world.sessions.revoke(session.sid);
    const refused = unauthenticated({ close: 'session_revoked' });
    await expect(resolve(withCookie(secret))).rejects.toMatchObject(refused);
    await expect(resolve(request({ 'x-session-id': secret }))).rejects.toMatchObject(refused);
    await expect(resolve(bearer('of-42', { 'x-session-id': secret }))).rejects.toMatchObject(refused);
  });

  it('is refused with the session of one user and the token of another', async () => {
    const { secret } = await world.sessions.create({ principal: user('42') });
    await expect(resolve(bearer('of-7', { 'x-session-id': secret }))).rejects.toMatchObject(
      unauthenticated(),
    );
  });

  it('is the token’s principal with an anonymous session, which stays anonymous', async () => {
    const { session, secret } = await world.sessions.create();
    const identity = await resolve(bearer('of-42', { 'x-session-id': secret }));
    expect(identity.principal).toMatchObject({ userId: '42', roles: ['staff'] });
    expect(identity.session?.sid).toBe(session.sid);
    expect((await world.sessions.get(session.sid))?.principal).toEqual(ANONYMOUS);
  });

  it('takes the token that is handed in before that of the header', async () => {
    expect((await resolve(bearer('of-42'), 'of-7')).principal.userId).toBe('7');
    expect((await resolve(bearer('of-42'), undefined)).principal.userId).toBe('42');
    expect((await resolve(request({ authorization: 'Basic of-42' }))).principal).toEqual(ANONYMOUS);
  });

  it.each([[{ of: 42 }], [42], ['x'.repeat(20_000)]])(
    'is refused with a token that is none',
    async (token) => {
      await expect(resolve(request(), token)).rejects.toMatchObject(unauthenticated({ reason: 'invalid' }));
    },
  );

  it('is refused with a principal whose proof has run out', async () => {
    world.now += 20 * MINUTE;
    const refused = expect.objectContaining(unauthenticated({ reason: 'expired' })) as unknown;
    await expect(resolve(bearer('of-42'))).rejects.toEqual(refused);
  });

  it('is refused with a user id that fits into no channel name', async () => {
    tokens.principals.set('long', user('|'.repeat(80)));
    await expect(resolve(bearer('long'))).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('cannot be changed by who it is handed to', async () => {
    const { principal } = await resolve(bearer('of-42'));
    expect(() => (principal.roles as string[]).push('admin')).toThrow(TypeError);
    expect(() => Object.assign(principal, { userId: '1' })).toThrow(TypeError);
    expect(() => Object.assign(principal.claims, { admin: true })).toThrow(TypeError);
  });

  it('tells a refusal of the authenticator from its failure, and reports the failure', async () => {
    const failing = (error: unknown) => new World({ authenticate: () => Promise.reject(error) });
    const ask = (of: World) => of.identities.resolve({ request: request(), transport: 'http' });
    await expect(ask(failing(new UnauthorizedException('no')))).rejects.toMatchObject(unauthenticated());
    const away = failing(new Error('the database is away'));
    await expect(ask(away)).rejects.toMatchObject({ code: 'unavailable', temporary: true });
    expect(away.faults).toEqual([new Error('the database is away')]);
    const odd = new World({ authenticate: () => ({ userId: 42 }) as never });
    await expect(ask(odd)).rejects.toMatchObject({ code: 'unavailable' });
    expect(odd.faults).toEqual([expect.objectContaining({ message: expect.stringContaining('`roles`') })]);
  });

  describe('over time', () => {
    const recheck = (identity: Identity) => world.identities.recheck(identity);

    it('holds while its session is used and its token lasts', async () => {
      const identity = await resolve(bearer('of-42'));
      world.now += 10 * MINUTE;
      expect(await recheck(identity)).toEqual(identity);
      world.now += 10 * MINUTE;
      await expect(recheck(identity)).rejects.toMatchObject({ details: { close: 'token_expired' } });
    });

    it('ends with its session', async () => {
      const idle = await resolve(withCookie((await world.sessions.create()).secret));
      const revoked = await resolve(withCookie((await world.sessions.create()).secret));
      await world.sessions.revoke(revoked.session!.sid);
      await expect(recheck(revoked)).rejects.toMatchObject(unauthenticated({ close: 'session_revoked' }));
      world.now += 30 * MINUTE;
      await expect(recheck(idle)).rejects.toMatchObject(unauthenticated({ close: 'session_expired' }));
    });

    it('does not become the user who signs in on its session later', async () => {
      const { session, secret } = await world.sessions.create();
      const planted = await resolve(withCookie(secret));
      await world.sessions.rotate(session, { principal: user('42') });
      await expect(recheck(planted)).rejects.toMatchObject(unauthenticated());
    });

    it('lasts longer with a fresh token of the same user, on the same session', async () => {
      const identity = await resolve(bearer('of-42'));
      const expiresAt = world.now + 60 * MINUTE;
      tokens.principals.set('fresh', user('42', { roles: ['admin'], expiresAt }));
      const renewed = await world.identities.renew(identity, {
        request: request(),
        transport: 'socket.io',
        token: 'fresh',
      });
      expect(renewed.principal).toMatchObject({ roles: ['admin'], expiresAt });
      expect(renewed.session).toMatchObject({ sid: identity.session?.sid, expiresAt });
      world.now += 59 * MINUTE;
      expect(await recheck(renewed)).toEqual(renewed);
    });

    it('is not renewed by a token of another user, or by none', async () => {
      const identity = await resolve(bearer('of-42'));
      const renew = (token?: string) =>
        world.identities.renew(identity, { request: request(), transport: 'socket.io', token });
      await expect(renew('of-7')).rejects.toMatchObject(unauthenticated());
      await expect(renew()).rejects.toMatchObject(unauthenticated());
    });
  });
});
