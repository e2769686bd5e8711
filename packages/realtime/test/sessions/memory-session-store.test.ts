import { MemorySessionStore } from '../../src/backend/memory/memory-session-store.js';
import type { StoredSession } from '../../src/backend/session-store.js';
import { MINUTE, user } from './support/world.js';

describe('sessions in memory', () => {
  let now = 0;
  const store = () => new MemorySessionStore(() => now);

  beforeEach(() => {
    now = 1_000;
  });

  function stored(sid: string, more: Partial<StoredSession> = {}): StoredSession {
    return {
      sid,
      secretHash: `hash of ${sid}`,
      principal: user('42'),
      data: {},
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + MINUTE,
      endsAt: now + 10 * MINUTE,
      ...more,
    };
  }

  it('finds a session by its id and its hash until it expires', async () => {
    const sessions = store();
    await sessions.create(stored('a'));
    expect(await sessions.find('a')).toEqual(stored('a'));
    expect(await sessions.findBySecretHash('hash of a')).toEqual(stored('a'));
    now += MINUTE;
    expect(await sessions.find('a')).toBeUndefined();
    expect(await sessions.findBySecretHash('hash of a')).toBeUndefined();
    expect(await sessions.listByUser('42')).toEqual([]);
  });

  it('refuses an id that is taken, by a revoked session too, and takes it again after its end', async () => {
    const sessions = store();
    expect(await sessions.create(stored('a'))).toBe(true);
    expect(await sessions.create(stored('a'))).toBe(false);
    await sessions.update('a', 'hash of a', { revokedAt: now });
    now += 9 * MINUTE;
    expect(await sessions.create(stored('a'))).toBe(false);
    now += MINUTE;
    expect(await sessions.create(stored('a'))).toBe(true);
  });

  it('changes a session only for who knows its present hash, and never once it is revoked', async () => {
    const sessions = store();
    await sessions.create(stored('a'));
    expect(await sessions.update('a', 'another', { data: { x: 1 } })).toBe(false);
    expect(await sessions.update('a', 'hash of a', { secretHash: 'new' })).toBe(true);
    expect(await sessions.update('a', 'hash of a', { data: { x: 1 } })).toBe(false);
    expect(await sessions.findBySecretHash('hash of a')).toBeUndefined();
    expect(await sessions.update('a', 'new', { revokedAt: now })).toBe(true);
    expect(await sessions.update('a', 'new', { data: { x: 1 } })).toBe(false);
    expect(await sessions.findBySecretHash('new')).toMatchObject({ revokedAt: now, data: {} });
  });

  it('lists the living sessions of a user, whoever they were before', async () => {
    const sessions = store();
    await sessions.create(stored('a', { principal: user('7') }));
    await sessions.create(stored('b'));
    await sessions.create(stored('c'));
    await sessions.update('a', 'hash of a', { principal: user('42') });
    await sessions.update('b', 'hash of b', { revokedAt: now });
    expect(await sessions.listByUser('7')).toEqual([]);
    expect((await sessions.listByUser('42')).sort()).toEqual(['a', 'c']);
  });

  it('keeps a copy that neither the writer nor a reader can change', async () => {
    const sessions = store();
    const data = { cart: ['pear'] };
    await sessions.create(stored('a', { data }));
    data.cart.push('plum');
    const found = (await sessions.find('a'))!;
    expect(found.data).toEqual({ cart: ['pear'] });
    expect(() => (found.data['cart'] as string[]).push('plum')).toThrow(TypeError);
  });

  it('frees what has ended', async () => {
    const sessions = store();
    for (let i = 0; i < 100; i += 1) await sessions.create(stored(`old ${i}`));
    await sessions.putTicket('old', { principal: user('42'), sid: null, channels: [], expiresAt: now + 1 });
    now += 2 * MINUTE;
    await sessions.create(stored('new'));
    const sizes = Object.values(sessions)
      .filter((value) => value instanceof Map)
      .map((map) => map.size);
    expect(sizes).toEqual([1, 1, 1, 0, 0]);
  });
});
