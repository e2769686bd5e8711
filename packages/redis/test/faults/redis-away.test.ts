import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cutEverything, cutSome, cutSubscribers, flush, flushScripts, hang } from './scenarios/redis-away.js';
import { assertNothingLost } from './support/assert-outcome.js';
import { OnRedis } from './support/on-redis.js';
import { survive } from './support/survive.js';

describe('while everybody is at work', () => {
  let place: OnRedis;

  beforeAll(async () => {
    place = await OnRedis.start({ nodes: 2 });
  }, 90_000);

  afterAll(() => place?.[Symbol.asyncDispose]());

  it('Redis hangs: publishes are refused or have their way, and nobody receives what is not stored', async () => {
    const outcome = await survive(place, hang(2_500), { rounds: 1 });
    assertNothingLost(outcome);
    expect(outcome.unknown).toBeGreaterThan(0);
  }, 120_000);

  it.each([cutEverything, cutSome, cutSubscribers, flushScripts])(
    '$name',
    async (scenario) => {
      const outcome = await survive(place, scenario);
      assertNothingLost(outcome);
      expect(outcome).toMatchObject({ unknown: 0 });
    },
    60_000,
  );

  it('Redis is emptied: everybody is told that another epoch has begun', async () => {
    const outcome = await survive(place, flush);
    expect(outcome).toMatchObject({ problems: [], ends: 0 });
    expect(outcome.untold).toEqual([]);
  }, 120_000);
});
