import { Audience } from '../../src/channels/audience.js';

describe('Audience', () => {
  it('is the same for the same roles in any order', () => {
    expect(Audience.keyOf(['b', 'a'])).toBe(Audience.keyOf(['a', 'b']));
  });

  it('never takes one role for several, whatever is in its name', () => {
    expect(Audience.keyOf(['a\nb'])).not.toBe(Audience.keyOf(['a', 'b']));
    expect(Audience.keyOf(['a","b'])).not.toBe(Audience.keyOf(['a', 'b']));
    expect(Audience.keyOf([''])).not.toBe(Audience.keyOf([]));
  });
});
