import fc from 'fast-check';
import {
  isChannelName,
  isEventName,
  isOwnEventName,
  isPublishableName,
  isSubscribableName,
} from '../src/index.js';

/** Who may name the channel: subscribe and publish, subscribe only, the server alone, nobody. */
const CHANNELS: Record<'everybody' | 'subscribers' | 'server' | 'nobody', unknown[]> = {
  everybody: [
    'a',
    '0',
    '.',
    '-',
    '@',
    'orders:eu',
    'room/42',
    'a.b_c:d@e/f-g',
    'A',
    'a'.repeat(200),
    '__proto__',
  ],
  subscribers: [
    '$state:cart:42',
    '$state:session:abc',
    '$presence:42',
    `$state:${'a'.repeat(193)}`,
    '$state:a/b@c',
  ],
  server: ['$session:abc', '$user:42', '$role:staff', '$user:a@b.example'],
  nobody: [
    '',
    'a'.repeat(201),
    `$state:${'a'.repeat(194)}`,
    '$',
    '$$',
    '$state',
    '$state:',
    '$presence:',
    '$user:',
    '$other:1',
    '$STATE:1',
    '$stateX:1',
    '$$state:1',
    '$state:$a',
    'a$b',
    'a$',
    ' a',
    'a b',
    'a\n',
    '\na',
    'a\u0000',
    'a,b',
    'a?b',
    'a#b',
    'a%20b',
    'a*',
    'a{b}',
    'a"b',
    'a\\b',
    'ä',
    'а',
    '漢',
    '🚀',
    undefined,
    null,
    42,
    {},
    ['a'],
    { toString: () => 'a' },
  ],
};

describe('channel names', () => {
  const cases = Object.entries(CHANNELS).flatMap(([who, names]) => names.map((name) => [name, who] as const));

  it.each(cases)('%j is for %s', (name, who) => {
    expect(isChannelName(name)).toBe(who !== 'nobody');
    expect(isSubscribableName(name)).toBe(who === 'everybody' || who === 'subscribers');
    expect(isPublishableName(name)).toBe(who === 'everybody');
  });

  it('are the same letters whichever way they are asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5 }), (name) => {
        const allowed = /^[A-Za-z0-9._:@/-]+$/.test(name);
        expect([isChannelName(name), isSubscribableName(name), isPublishableName(name)]).toEqual([
          allowed,
          allowed,
          allowed,
        ]);
      }),
    );
  });
});

describe('names of events and commands', () => {
  const open = [
    'a',
    'order.updated',
    'order:updated',
    'A-b_c.d:9',
    'errors',
    'opened',
    'Error',
    'states.x',
    'realtime',
    'state',
  ];
  const own = ['realtime.ready', 'realtime.publish', 'state.patch', 'state.snapshot', 'realtime.', 'state.'];
  const none = [
    '',
    'error',
    'open',
    'a'.repeat(101),
    'a b',
    'a/b',
    'a@b',
    'a\n',
    '\na',
    '$a',
    'ä',
    '漢',
    '🚀',
  ];

  it.each([...open, 'a'.repeat(100)])('%j is for applications', (name) => {
    expect([isEventName(name), isOwnEventName(name)]).toEqual([true, true]);
  });

  it.each(own)('%j is the library’s own', (name) => {
    expect([isEventName(name), isOwnEventName(name)]).toEqual([false, true]);
  });

  it.each([...none, undefined, null, 1, {}, ['a']])('%j is refused', (name) => {
    expect([isEventName(name), isOwnEventName(name)]).toEqual([false, false]);
  });
});
