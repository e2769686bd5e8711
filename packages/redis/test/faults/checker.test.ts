import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assertNothingLost } from './support/assert-outcome.js';
import { OnRedis } from './support/on-redis.js';
import { Run } from './support/run.js';
import { survive } from './support/survive.js';

/** What is said of each broken log. */
const FINDINGS: Readonly<Record<string, RegExp>> = {
  'bent:drops': /lost \d+ of what was published/,
  'bent:reorders': /after \d+, without having been told of a hole/,
  'bent:changes': /received changed at offset/,
  'bent:doubles': /which nobody published|twice, at offset/,
  'bent:forgets': /was acknowledged for .* and for|lost \d+ of what was published/,
  'bent:denies': /which nobody published/,
  'short:recovers': /lost \d+ of what was published/,
};

describe('the run', () => {
  let place: OnRedis;

  beforeAll(async () => {
    place = await OnRedis.start({ isBent: true, nodes: 2 });
  }, 90_000);

  afterAll(() => place?.[Symbol.asyncDispose]());

  it('finds nothing where entries arrive late, twice, out of order or not at all, before or after they were read', async () => {
    const kinds = ['log', 'bent:late', 'bent:lossy'];
    const outcome = await survive(place, {
      name: 'late and lossy pub/sub',
      run: { kinds },
      happen: (run) => run.flow(300),
    });
    assertNothingLost(outcome);
    expect(outcome.problems).toEqual([]);
  }, 120_000);

  it('finds everything that broken nodes do, and nothing else', async () => {
    const kinds = ['log', ...Object.keys(FINDINGS)];
    await using run = new Run(place.world, { name: 'broken nodes', seed: 1, kinds, stayMs: [50, 300] });
    await run.flow(1_500);
    const { problems } = await run.finish(1_000);
    for (const [kind, finding] of Object.entries(FINDINGS)) {
      const found = problems.filter((problem) => problem.includes(kind));
      expect(found).toContainEqual(expect.stringMatching(finding));
    }
    expect(problems.filter((problem) => problem.includes(` ${run.channels[0]!}`))).toEqual([]);
  }, 120_000);
});
