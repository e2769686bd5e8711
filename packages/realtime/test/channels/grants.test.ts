import { RealtimeChannel } from '../../src/index.js';
import { startApp } from '../support/start-app.js';

/** A policy of a pattern. */
function policy(pattern: string) {
  @RealtimeChannel(pattern)
  class Policy {
    canSubscribe(): boolean {
      return true;
    }
  }
  return Policy;
}

describe('a grant that nobody could foresee is refused at start-up', () => {
  it.each([
    '*',
    'orders:*',
    'orders:?',
    'orders:**',
    '{any}',
    '{a}:{b}',
    '{a}/{b}',
    '$user:{id}*',
    'o{a}{b}',
    '',
  ])('a wildcard, or names of any kind: %j', (pattern) => {
    expect(() => policy(pattern)).toThrow(JSON.stringify(pattern).slice(1, -1));
  });

  it.each([
    ['orders:{region}', 'orders:{id}'],
    ['orders:{region}', 'orders:eu'],
    ['orders:{a}-{b}', 'orders:{c}'],
    ['orders:x{a}', 'orders:{b}y'],
  ])('two that fit one name: %j and %j', async (one, other) => {
    await expect(startApp({ policies: [policy(one), policy(other)] })).rejects.toThrow('exactly one policy');
  });
});
