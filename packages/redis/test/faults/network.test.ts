import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  cutWire,
  halfOpenClients,
  halfOpenWire,
  lostReplies,
  refusingWire,
  slowWire,
} from './scenarios/network.js';
import { BadNetwork } from './support/bad-network.js';
import { assertNothingLost } from './support/assert-outcome.js';
import { survive } from './support/survive.js';

describe('nothing is lost, over', () => {
  let place: BadNetwork;

  beforeAll(async () => {
    place = await BadNetwork.start();
  }, 90_000);

  afterAll(() => place?.[Symbol.asyncDispose]());

  it.each([slowWire, cutWire, lostReplies, halfOpenWire, refusingWire])(
    '$name',
    async (scenario) => {
      const outcome = await survive(place, scenario, { rounds: 1 });
      assertNothingLost(outcome);
      expect(outcome.problems).toEqual([]);
    },
    120_000,
  );

  it('half-open clients: they come back by themselves, to any node', async () => {
    const outcome = await survive(place, halfOpenClients, { rounds: 1 });
    expect(outcome).toMatchObject({ problems: [], lost: [], holes: 0 });
  }, 120_000);
});
