import { SeededRandom } from '@nestwire/harness';

function draw(random: SeededRandom): number[] {
  return Array.from({ length: 50 }, () => random.next());
}

describe('SeededRandom', () => {
  it('draws the same for the same seed, and something else for another', () => {
    expect(draw(new SeededRandom(1))).toEqual(draw(new SeededRandom(1)));
    expect(draw(new SeededRandom(1))).not.toEqual(draw(new SeededRandom(2)));
  });

  it('keeps within bounds, and reaches them', () => {
    const random = new SeededRandom(7);
    const drawn = Array.from({ length: 500 }, () => random.between(-2, 2));
    expect([...new Set(drawn)].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    expect(draw(random).every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('has chances that are met about as often as they say', () => {
    const random = new SeededRandom(7);
    const met = Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length;
    expect(met).toBeGreaterThan(2_800);
    expect(met).toBeLessThan(3_200);
  });

  it('picks every one of a list, and refuses an empty one', () => {
    const random = new SeededRandom(7);
    const picked = new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c'])));
    expect(picked.size).toBe(3);
    expect(() => random.pick([])).toThrow('nothing to pick from');
  });

  it('gives others sources of their own', () => {
    const [one, other] = [new SeededRandom(1), new SeededRandom(1)];
    draw(one.fork());
    other.fork();
    expect(draw(one)).toEqual(draw(other));
  });
});
