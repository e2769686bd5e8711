import { ANONYMOUS } from '../../src/sessions/principal.js';
import { countOf, DAY, MINUTE, request, response, user, withCookie, World } from './support/world.js';

describe('sessions', () => {
  it('have a random public id and a 256-bit secret, of which only the hash is stored', async () => {
    const world = new World();
    const { session, secret } = await world.sessions.create({
      principal: user('42'),
      data: { theme: 'dark' },
    });
    expect(session.sid).toMatch(/^[\w-]{22}$/);
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(await world.sessions.findBySecret(secret)).toEqual(session);
    expect(JSON.stringify(await world.store.find(session.sid))).not.toContain(secret);
    expect(JSON.stringify(session)).not.toContain(secret);
  });

  it('are anonymous unless a principal is given', async () => {
    const { session } = await new World().sessions.create();
    expect(session.principal).toEqual(ANONYMOUS);
    expect(session.data).toEqual({});
  });

  it('are not found by a near miss of their id or secret', async () => {
    const world = new World();
    const { session, secret } = await world.sessions.create({ principal: user('42') });
    const nearly = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    expect(await world.sessions.get(nearly(session.sid))).toBeUndefined();
    expect(await world.sessions.get(`${session.sid} `)).toBeUndefined();
    expect(await world.sessions.get(session.sid.slice(0, -1))).toBeUndefined();
    expect(await world.sessions.findBySecret(nearly(secret))).toBeUndefined();
    expect(await world.sessions.findBySecret(session.sid)).toBeUndefined();
  });

  it('end when they are not used for ttlMs', async () => {
    const world = new World();
    const { session } = await world.sessions.create({ principal: user('42') });
    world.now += 29 * MINUTE;
    await world.sessions.touch(session.sid);
    world.now += 29 * MINUTE;
    expect(await world.sessions.get(session.sid)).toBeDefined();
    world.now += MINUTE;
    expect(await world.sessions.get(session.sid)).toBeUndefined();
    expect(await world.sessions.touch(session.sid)).toBeUndefined();
  });

  it('end after maxAgeMs, however much they are used', async () => {
    const world = new World();
    const { session } = await world.sessions.create({ principal: user('42') });
    const end = world.now + 7 * DAY;
    while (world.now < end - 20 * MINUTE) {
      world.now += 20 * MINUTE;
      expect(await world.sessions.touch(session.sid)).toBeDefined();
    }
    world.now = end;
    expect(await world.sessions.touch(session.sid)).toBeUndefined();
  });

  it('end with the proof of their principal', async () => {
    const world = new World();
    const principal = user('42', { expiresAt: world.now + MINUTE });
    const { session } = await world.sessions.create({ principal });
    world.now += MINUTE;
    expect(await world.sessions.get(session.sid)).toBeUndefined();
    await expect(world.sessions.create({ principal })).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('are written at most once a minute by their use', async () => {
    const world = new World();
    const { session } = await world.sessions.create();
    for (let second = 0; second < 120; second += 1) {
      world.now += 1_000;
      await world.sessions.touch(session.sid);
    }
    expect(countOf(world, 'update')).toBe(2);
  });

  it('keep their id when rotated, and the old secret is dead', async () => {
    const world = new World();
    const first = await world.sessions.create({ data: { cart: 3 } });
    const second = await world.sessions.rotate(first.session, { principal: user('42') });
    expect(second.session).toMatchObject({
      sid: first.session.sid,
      principal: { userId: '42' },
      data: { cart: 3 },
    });
    expect(second.secret).not.toBe(first.secret);
    expect(await world.sessions.findBySecret(first.secret)).toBeUndefined();
    expect(await world.sessions.findBySecret(second.secret)).toEqual(second.session);
  });

  it('let one of two rotations at once win', async () => {
    const world = new World();
    const { session } = await world.sessions.create();
    const outcomes = await Promise.allSettled([
      world.sessions.rotate(session),
      world.sessions.rotate(session),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'conflict' } });
  });

  it('cannot be rotated once they have ended', async () => {
    const world = new World();
    const { session } = await world.sessions.create();
    await world.sessions.revoke(session.sid);
    await expect(world.sessions.rotate(session)).rejects.toMatchObject({ code: 'not_found' });
    await expect(world.sessions.rotate('A'.repeat(22))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are gone once they are revoked, and listeners hear of it before that resolves', async () => {
    const world = new World();
    const { session, secret } = await world.sessions.create({ principal: user('42') });
    const heard: string[] = [];
    const off = world.sessions.onRevoked(async (sid) => {
      await Promise.resolve();
      heard.push(sid);
    });
    expect(await world.sessions.revoke(session.sid)).toBe(true);
    expect(heard).toEqual([session.sid]);
    expect(await world.sessions.get(session.sid)).toBeUndefined();
    expect(await world.sessions.findBySecret(secret)).toBeUndefined();
    expect(await world.sessions.touch(session.sid)).toBeUndefined();
    expect(await world.sessions.revoke(session.sid)).toBe(false);
    expect(heard).toHaveLength(2);
    off();
    await world.sessions.revoke(session.sid);
    expect(heard).toHaveLength(2);
  });

  it('are revoked even where they are rotated meanwhile', async () => {
    const world = new World();
    const { session } = await world.sessions.create();
    const [revoked, rotated] = await Promise.allSettled([
      world.sessions.revoke(session.sid),
      world.sessions.rotate(session),
    ]);
    expect(revoked).toMatchObject({ value: true });
    expect(rotated.status).toBe('rejected');
    expect(await world.sessions.get(session.sid)).toBeUndefined();
  });

  it('stay revoked where telling of it fails, and can be revoked again', async () => {
    const world = new World();
    const { session } = await world.sessions.create();
    const off = world.sessions.onRevoked(() => Promise.reject(new Error('nobody heard')));
    await expect(world.sessions.revoke(session.sid)).rejects.toThrow('nobody heard');
    expect(await world.sessions.get(session.sid)).toBeUndefined();
    off();
    expect(await world.sessions.revoke(session.sid)).toBe(false);
  });

  it('of a user are listed oldest first, and revoked all at once', async () => {
    const world = new World();
    const sids: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      sids.push((await world.sessions.create({ principal: user('42') })).session.sid);
      world.now += 1_000;
    }
    const other = await world.sessions.create({ principal: user('7') });
    expect((await world.sessions.list('42')).map(({ sid }) => sid)).toEqual(sids);
    expect(await world.sessions.revokeAll('42')).toBe(3);
    expect(await world.sessions.list('42')).toEqual([]);
    expect(await world.sessions.get(other.session.sid)).toBeDefined();
  });

  it('refuse a user id that fits into no channel name', async () => {
    const creation = new World().sessions.create({ principal: user('é'.repeat(100)) });
    await expect(creation).rejects.toMatchObject({ code: 'bad_request' });
  });
});

describe('the session cookie', () => {
  it('is out of reach of scripts, of other sites, and of time', async () => {
    const world = new World();
    const created = await world.sessions.create();
    const res = response();
    res.setHeader('Set-Cookie', 'theme=dark');
    world.sessions.issue(res, created);
    expect(res.getHeader('set-cookie')).toEqual([
      'theme=dark',
      `realtime_session=${created.secret}; Max-Age=604800; Path=/; HttpOnly; SameSite=Strict`,
    ]);
  });

  it('is for https only where the option says so', async () => {
    const world = new World();
    Object.assign(world.options.sessions, { secureCookie: true, cookieName: '__Host-s' });
    const res = response();
    world.sessions.issue(res, await world.sessions.create());
    expect(String(res.getHeader('set-cookie'))).toMatch(/^__Host-s=.{43}; .*Secure/);
  });

  it('is added to those of a Fastify reply by the reply itself', async () => {
    const world = new World();
    const headers: string[][] = [];
    world.sessions.clear({ raw: response(), header: (...pair: string[]) => headers.push(pair) });
    expect(headers).toEqual([
      ['set-cookie', expect.stringMatching(/^realtime_session=; Max-Age=0; Path=\//)],
    ]);
  });
});

describe('signing in', () => {
  it('keeps the id and the data of an anonymous session, kills its secret, and tells of it', async () => {
    const world = new World();
    const before = await world.sessions.create({ data: { cart: 3 } });
    const heard: string[] = [];
    world.sessions.onRotated((sid) => void heard.push(sid));
    const res = response();
    const after = await world.sessions.signIn(withCookie(before.secret), res, user('42'));
    expect(after.session).toMatchObject({
      sid: before.session.sid,
      data: { cart: 3 },
      principal: { userId: '42' },
    });
    expect(await world.sessions.findBySecret(before.secret)).toBeUndefined();
    expect(String(res.getHeader('set-cookie'))).toContain(after.secret);
    expect(heard).toEqual([before.session.sid]);
  });

  it('makes a session where the request brings none that lives, and never adopts a secret', async () => {
    const world = new World();
    const planted = 'A'.repeat(43);
    const { session, secret } = await world.sessions.signIn(withCookie(planted), response(), user('42'), {
      x: 1,
    });
    expect(secret).not.toBe(planted);
    expect(session.data).toEqual({ x: 1 });
    await world.sessions.revoke(session.sid);
    const again = await world.sessions.signIn(withCookie(secret), response(), user('42'));
    expect(again.session.sid).not.toBe(session.sid);
  });

  it('revokes the session of the user who was there before', async () => {
    const world = new World();
    const first = await world.sessions.create({ principal: user('7'), data: { mine: true } });
    const second = await world.sessions.signIn(withCookie(first.secret), response(), user('42'));
    expect(second.session.sid).not.toBe(first.session.sid);
    expect(second.session.data).toEqual({});
    expect(await world.sessions.get(first.session.sid)).toBeUndefined();
  });

  it('begins the longest life anew', async () => {
    const world = new World();
    const { secret } = await world.sessions.create();
    world.now += 20 * MINUTE;
    const { endsAt } = await world.sessions.signIn(withCookie(secret), response(), user('42'));
    expect(endsAt).toBe(world.now + 7 * DAY);
  });

  it('gives the new secret even where telling of the rotation fails', async () => {
    const world = new World();
    const { secret } = await world.sessions.create();
    world.sessions.onRotated(() => Promise.reject(new Error('nobody heard')));
    const signedIn = await world.sessions.signIn(request({ 'x-session-id': secret }), response(), user('42'));
    expect(await world.sessions.findBySecret(signedIn.secret)).toBeDefined();
    expect(world.faults).toEqual([new Error('nobody heard')]);
  });
});
