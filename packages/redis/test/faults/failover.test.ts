import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { laggingCluster, laggingSentinel, switchOver } from './scenarios/failover.js';
import { assertNothingLost, assertWork } from './support/assert-outcome.js';
import { OnCluster } from './support/on-cluster.js';
import { OnSentinel } from './support/on-sentinel.js';
import type { Outcome } from './support/outcome.js';
import { survive } from './support/survive.js';

/** What the replica did not have is lost, and known; whoever had received any of it was told. */
function assertKnownLoss(outcome: Outcome): void {
  expect(outcome).toMatchObject({ problems: [], ends: 0 });
  expect(outcome.lost.length).toBeGreaterThan(10);
  expect(outcome.holes).toBeGreaterThan(0);
  assertWork(outcome);
}

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

describe('another master that Sentinels name', () => {
  it('with waitReplicas nothing that was acknowledged is lost', async () => {
    await using place = await OnSentinel.start({ waitReplicas: 1 });
    const outcome = await survive(place, laggingSentinel, { rounds: 1 });
    expect(outcome).toMatchObject({ problems: [], lost: [], ends: 0 });
    expect(outcome.unknown).toBeGreaterThan(0);
    assertWork(outcome);
  }, 120_000);
});
