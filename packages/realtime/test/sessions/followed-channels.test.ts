import { isChannelName } from '@nestwire/protocol';
import fc from 'fast-check';
import {
  followedChannels,
  roleChannel,
  sessionChannel,
  userChannel,
} from '../../src/sessions/followed-channels.js';
import { user, World } from './support/world.js';

describe('the channels that a connection follows by itself', () => {
  it('show plain ids as they are', () => {
    expect(userChannel('42')).toBe('$user:42');
    expect(userChannel('ann.b_c:d@example-1.org')).toBe('$user:ann.b_c:d@example-1.org');
    expect(roleChannel('staff')).toBe('$role:staff');
    expect(sessionChannel('Q_-9')).toBe('$session:Q_-9');
  });

  it('escape every other byte, and the sign of the escape too', () => {
    expect(userChannel('auth0|1')).toBe('$user:auth0/7c1');
    expect(userChannel('org/42')).toBe('$user:org/2f42');
    expect(userChannel('é €')).toBe('$user:/c3/a9/20/e2/82/ac');
    expect(userChannel('$user:1')).toBe('$user:/24user:1');
  });

  it('are channel names, and different for different ids', () => {
    const ids = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((id) => id.length < 15);
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        fc.pre(a !== b);
        expect(isChannelName(userChannel(a))).toBe(true);
        expect(userChannel(a)).not.toBe(userChannel(b));
      }),
    );
  });

  it.each(['', 'x'.repeat(195), '|'.repeat(65), '\ud800'])('refuse the id %j', (id) => {
    expect(() => userChannel(id)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  it('take the longest name that there is', () => {
    expect(userChannel('x'.repeat(194))).toHaveLength(200);
  });

  it('are those of the session, the user and the roles, each once', async () => {
    const { session } = await new World().sessions.create();
    const principal = user('42', { roles: ['staff', 'eu', 'staff'] });
    expect(followedChannels({ principal, session })).toEqual([
      `$session:${session.sid}`,
      `$state:session:${session.sid}`,
      '$user:42',
      '$role:staff',
      '$role:eu',
    ]);
    expect(followedChannels({ principal: { roles: [], claims: {} }, session: null })).toEqual([]);
  });
});
