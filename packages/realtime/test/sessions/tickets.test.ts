import { ANONYMOUS } from '../../src/sessions/principal.js';
import { countOf, MINUTE, user, World } from './support/world.js';

describe('tickets', () => {
  it('open their channels for their identity, again and again, for ten minutes', async () => {
    const world = new World();
    const { session } = await world.sessions.create({ principal: user('42', { roles: ['staff'] }) });
    const identity = { principal: session.principal, session };
    const { ticket, expiresAt } = await world.tickets.issue(identity, ['orders:eu', '$state:cart:1']);
    expect(ticket).toMatch(/^[\w-]{43}$/);
    expect(expiresAt).toBe(world.now + 10 * MINUTE);
    for (let use = 0; use < 2; use += 1) {
      world.now += 4 * MINUTE;
      const grant = await world.tickets.redeem(ticket);
      expect(grant?.channels).toEqual(['orders:eu', '$state:cart:1']);
      expect(grant?.identity).toMatchObject({
        principal: { userId: '42', roles: ['staff'] },
        session: { sid: session.sid },
      });
    }
    world.now = expiresAt;
    expect(await world.tickets.redeem(ticket)).toBeUndefined();
  });

  it('are stored as their hash', async () => {
    const world = new World();
    const { ticket } = await world.tickets.issue({ principal: ANONYMOUS, session: null }, []);
    expect(countOf(world, 'putTicket')).toBe(1);
    expect(JSON.stringify(world.calls)).not.toContain(ticket);
  });

  it('are none where they were never issued, and such a text is not looked up', async () => {
    const world = new World();
    const { secret } = await world.sessions.create();
    expect(await world.tickets.redeem('A'.repeat(43))).toBeUndefined();
    expect(await world.tickets.redeem(secret)).toBeUndefined();
    const lookUps = countOf(world, 'findTicket');
    expect(await world.tickets.redeem('A'.repeat(1_000))).toBeUndefined();
    expect(countOf(world, 'findTicket')).toBe(lookUps);
  });

  it('end with their session', async () => {
    const world = new World();
    const { session } = await world.sessions.create({ principal: user('42') });
    const { ticket } = await world.tickets.issue({ principal: session.principal, session }, []);
    await world.sessions.revoke(session.sid);
    await expect(world.tickets.redeem(ticket)).rejects.toMatchObject({
      code: 'unauthenticated',
      details: { close: 'session_revoked' },
    });
  });

  it('end with their principal’s proof', async () => {
    const world = new World();
    const principal = user('42', { expiresAt: world.now + MINUTE });
    const { ticket, expiresAt } = await world.tickets.issue({ principal, session: null }, []);
    expect(expiresAt).toBe(principal.expiresAt);
    world.now += MINUTE;
    expect(await world.tickets.redeem(ticket)).toBeUndefined();
  });

  it('of an anonymous session are no good once somebody signs in on it', async () => {
    const world = new World();
    const { session } = await world.sessions.create();
    const { ticket } = await world.tickets.issue({ principal: ANONYMOUS, session }, []);
    await world.sessions.rotate(session, { principal: user('42') });
    await expect(world.tickets.redeem(ticket)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
