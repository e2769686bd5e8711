import { DAY, KnownTokens, MINUTE, request, user, World } from './support/world.js';

describe('the session of who brings a token and no session', () => {
  const tokens = new KnownTokens();
  let world: World;

  beforeEach(() => {
    world = new World(tokens);
    tokens.principals.clear();
  });

  function token(text: string, userId: string, claims: Record<string, unknown> = {}, lifeMs?: number): void {
    const end = lifeMs === undefined ? {} : { expiresAt: world.now + lifeMs };
    tokens.principals.set(text, user(userId, { claims, ...end }));
  }

  const resolve = (bearer: string) =>
    world.identities.resolve({ request: request({ authorization: `Bearer ${bearer}` }), transport: 'http' });
  const sidOf = async (bearer: string) => (await resolve(bearer)).session?.sid;

  it('is the same for the same token, also for requests at once', async () => {
    token('a', '42');
    const sids = await Promise.all([sidOf('a'), sidOf('a'), sidOf('a')]);
    expect(sids).toEqual([sids[0], sids[0], sids[0]]);
    expect(sids[0]).toMatch(/^[\w-]{22}$/);
    expect(await sidOf('a')).toBe(sids[0]);
    expect(await world.sessions.list('42')).toHaveLength(1);
  });

  it('is another one for another token, user or issuer', async () => {
    token('a', '42');
    token('b', '42');
    token('c', '42', { iss: 'one', jti: 'x' });
    token('d', '42', { iss: 'two', jti: 'x' });
    token('e', '7', { iss: 'one', jti: 'x' });
    token('f', '42', { iss: 'one', sid: 'x' });
    const sids = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(sidOf));
    expect(new Set(sids).size).toBe(6);
  });

  it('is shared by the tokens of one OIDC session, and lasts as long as the latest', async () => {
    token('old', '42', { iss: 'one', sid: 'x', jti: '1' }, 5 * MINUTE);
    token('new', '42', { iss: 'one', sid: 'x', jti: '2' }, 60 * MINUTE);
    const sid = await sidOf('old');
    expect(await sidOf('new')).toBe(sid);
    world.now += 59 * MINUTE;
    expect(await sidOf('new')).toBe(sid);
  });

  it('ends with the token, however idle it is', async () => {
    token('a', '42', {}, 3 * 60 * MINUTE);
    const { session } = await resolve('a');
    world.now += 2 * 60 * MINUTE;
    expect(await world.sessions.get(session!.sid)).toBeDefined();
    world.now += 60 * MINUTE;
    expect(await world.sessions.get(session!.sid)).toBeUndefined();
  });

  it('ends like any other where the token does not say when it ends', async () => {
    token('a', '42');
    const { session } = await resolve('a');
    world.now += 29 * MINUTE;
    expect(await sidOf('a')).toBe(session?.sid);
    world.now += 30 * MINUTE;
    expect(await world.sessions.get(session!.sid)).toBeUndefined();
  });

  it('stays revoked, for the tokens that follow in one OIDC session too', async () => {
    token('a', '42', { sid: 'x' }, 5 * MINUTE);
    const { session } = await resolve('a');
    await world.sessions.revokeAll('42');
    const refused = { code: 'unauthenticated', details: { close: 'session_revoked' } };
    await expect(resolve('a')).rejects.toMatchObject(refused);
    world.now += 6 * DAY;
    token('b', '42', { sid: 'x' }, 5 * MINUTE);
    await expect(resolve('b')).rejects.toMatchObject(refused);
    expect(await world.sessions.get(session!.sid)).toBeUndefined();
  });

  it('cannot be had by its id or its hash as a secret', async () => {
    token('a'.repeat(43), '42');
    const { session } = await resolve('a'.repeat(43));
    const { secretHash } = (await world.store.find(session!.sid))!;
    expect(await world.sessions.findBySecret('a'.repeat(43))).toBeUndefined();
    expect(await world.sessions.findBySecret(secretHash)).toBeUndefined();
  });

  it('is not made for somebody without a user id', async () => {
    tokens.principals.set('anonymous', { roles: ['guest'], claims: {} });
    expect(await resolve('anonymous')).toEqual({
      principal: { roles: ['guest'], claims: {} },
      session: null,
    });
  });
});
