import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { crash, losingTheTail } from './scenarios/redis-crash.js';
import { assertNothingLost } from './support/assert-outcome.js';
import { OnRedis } from './support/on-redis.js';
import { survive } from './support/survive.js';

describe('Redis is killed, and comes back', () => {
  let place: OnRedis;

  beforeAll(async () => {
    place = await OnRedis.start({ nodes: 2 });
  }, 90_000);

  afterAll(() => place?.[Symbol.asyncDispose]());

  it.each(['always', 'everysec'] as const)(
    'with all that it had written, with appendfsync %s',
    async (persistence) => {
      const outcome = await survive(place, crash(persistence));
      assertNothingLost(outcome);
      expect(outcome).toMatchObject({ degraded: 4, healed: 4 });
    },
    60_000,
  );

  it('without what it had written last: it is listed, and whoever had it is told', async () => {
    const outcome = await survive(place, losingTheTail);
    expect(outcome.problems).toEqual([]);
    expect(outcome.lost.length).toBeGreaterThan(10);
    expect(outcome.holes).toBeGreaterThan(0);
  }, 120_000);

  it('with nothing: everybody is told that another epoch has begun', async () => {
    const outcome = await survive(place, crash('nothing'));
    expect(outcome).toMatchObject({ problems: [], ends: 0, degraded: 4, healed: 4 });
    expect(outcome.untold).toEqual([]);
  }, 120_000);
});
