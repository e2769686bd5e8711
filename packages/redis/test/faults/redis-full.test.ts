import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { evicting, full } from './scenarios/redis-full.js';
import { assertNothingLost } from './support/assert-outcome.js';
import { OnRedis } from './support/on-redis.js';
import { survive } from './support/survive.js';

describe('Redis has no memory left', () => {
  let place: OnRedis;

  beforeAll(async () => {
    place = await OnRedis.start({ nodes: 2 });
  }, 90_000);

  afterAll(() => place?.[Symbol.asyncDispose]());

  it('and evicts nothing: publishes are refused, and are not received', async () => {
    const outcome = await survive(place, full);
    assertNothingLost(outcome);
    expect(outcome).toMatchObject({ unknown: 0 });
    expect(outcome.refused).toBeGreaterThan(40);
  }, 120_000);

  it('and evicts logs: whoever misses something is told', async () => {
    const outcome = await survive(place, evicting);
    expect(outcome).toMatchObject({ problems: [], ends: 0 });
    expect(outcome.untold).toEqual([]);
  }, 120_000);
});
