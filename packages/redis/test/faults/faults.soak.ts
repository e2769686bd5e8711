// `npm run soak`: each fault over and over, for NESTWIRE_SOAK_MS milliseconds (60,000), with NESTWIRE_SEED or one that is drawn.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { laggingCluster, laggingSentinel, switchOver } from './scenarios/failover.js';
import * as network from './scenarios/network.js';
import { hangNode, killNode, stall } from './scenarios/nodes.js';
import { cutEverything, cutSome, cutSubscribers, flush, flushScripts, hang } from './scenarios/redis-away.js';
import { crash, losingTheTail } from './scenarios/redis-crash.js';
import { evicting, full } from './scenarios/redis-full.js';
import { BadNetwork } from './support/bad-network.js';
import { OnCluster } from './support/on-cluster.js';
import { OnRedis } from './support/on-redis.js';
import { OnSentinel } from './support/on-sentinel.js';
import { type Place, type Scenario, soak, survive } from './support/survive.js';

type Somewhere = Place & AsyncDisposable;

/** Each scenario, at one place that lasts. */
function soakAll<Where extends Somewhere>(
  start: () => Promise<Where>,
  scenarios: readonly Scenario<Where>[],
): void {
  let place: Where;

  beforeAll(async () => {
    place = await start();
  });

  afterAll(async () => {
    await place[Symbol.asyncDispose]();
  });

  it.each(scenarios)('$name', async (scenario) => {
    expect((await soak(place, scenario)).problems).toEqual([]);
  });
}

const onRedis: readonly Scenario<OnRedis>[] = [
  crash('always'),
  crash('everysec'),
  losingTheTail,
  crash('nothing'),
  hang(10_000),
  cutEverything,
  cutSome,
  cutSubscribers,
  flush,
  flushScripts,
  full,
  evicting,
];

describe('Redis', () => {
  soakAll(() => OnRedis.start(), onRedis);
});
describe('nodes', () => {
  soakAll<OnRedis>(() => OnRedis.start(), [killNode, hangNode, stall]);
});
describe('the network', () => {
  soakAll(() => BadNetwork.start(), Object.values(network));
});
describe('a Cluster', () => {
  soakAll(() => OnCluster.start(), [switchOver]);
});

describe('a failover, which uses up a replica', () => {
  it.each([1, 2, 3])('of a Cluster, %i', async (seed) => {
    await using place = await OnCluster.start();
    expect((await survive(place, laggingCluster, { seed, rounds: 1 })).problems).toEqual([]);
  });

  it.each([0, 1])('by Sentinels, with waitReplicas %i', async (waitReplicas) => {
    await using place = await OnSentinel.start({ waitReplicas });
    expect((await survive(place, laggingSentinel, { rounds: 1 })).problems).toEqual([]);
  });
});
