import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { laggingCluster, switchOver } from './scenarios/failover.js';
import { assertKnownLoss, assertNothingLost } from './support/assert-outcome.js';
import { OnCluster } from './support/on-cluster.js';
import { survive } from './support/survive.js';

describe('another master of a Cluster', () => {
  let place: OnCluster;

  beforeAll(async () => {
    place = await OnCluster.start();
  }, 120_000);

  afterAll(() => place?.[Symbol.asyncDispose]());

  it('that changes places with its replica has everything', async () => {
    const outcome = await survive(place, switchOver);
    assertNothingLost(outcome);
    expect(outcome.problems).toEqual([]);
  }, 120_000);

  it('that had fallen behind: what it lacks is listed, and whoever had it is told', async () => {
    assertKnownLoss(await survive(place, laggingCluster, { rounds: 1 }));
  }, 120_000);
});
