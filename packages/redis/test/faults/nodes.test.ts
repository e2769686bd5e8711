import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { hangNode, killNode, stall } from './scenarios/nodes.js';
import { OnRedis } from './support/on-redis.js';
import { survive } from './support/survive.js';

const MEGABYTE = 1024 * 1024;

describe('nothing is lost, and nobody is told of a hole', () => {
  let place: OnRedis;

  beforeAll(async () => {
    place = await OnRedis.start();
  }, 90_000);

  afterAll(() => place?.[Symbol.asyncDispose]());

  it('when nodes are killed: their clients go on with others', async () => {
    const outcome = await survive(place, killNode, { rounds: 1 });
    expect(outcome).toMatchObject({ problems: [], lost: [], holes: 0 });
    expect(outcome.ends).toBeGreaterThan(0);
  }, 120_000);

  it('when a node hangs', async () => {
    const outcome = await survive(place, hangNode, { rounds: 1 });
    expect(outcome).toMatchObject({ problems: [], lost: [], holes: 0 });
  }, 120_000);

  it('when some clients stop reading: they are cut, the others are not, and nothing piles up', async () => {
    const before = await largestBytes(place);
    const outcome = await survive(place, stall, { rounds: 1 });
    expect(outcome).toMatchObject({ problems: [], lost: [], holes: 0, ends: 4 });
    expect((await largestBytes(place)) - before).toBeLessThan(150 * MEGABYTE);
  }, 120_000);
});

/** Memory of the largest node. */
async function largestBytes({ world }: OnRedis): Promise<number> {
  const pages = world.nodes.map(
    async ({ pid }) => (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1],
  );
  return Math.max(...(await Promise.all(pages)).map(Number)) * 4096;
}
