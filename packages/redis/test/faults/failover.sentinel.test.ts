import { describe, expect, it } from '@jest/globals';
import { laggingSentinel } from './scenarios/failover.js';
import { OnSentinel } from './support/on-sentinel.js';
import { survive } from './support/survive.js';

describe('another master that Sentinels name, which had fallen behind', () => {
  it('with waitReplicas nothing that was acknowledged is lost', async () => {
    await using place = await OnSentinel.start({ waitReplicas: 1 });
    const outcome = await survive(place, laggingSentinel, { rounds: 1 });
    expect(outcome).toMatchObject({ problems: [], lost: [], ends: 0 });
    expect(outcome.unknown).toBeGreaterThan(0);
  }, 120_000);
});
