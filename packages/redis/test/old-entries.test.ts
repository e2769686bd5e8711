import { beforeAll, describe, expect, it } from '@jest/globals';
import { redisCommand, waitFor } from '@nestwire/harness';
import { anEvent, backendForAll, numbers, silence } from './support/log.js';

const BRIEF = { size: 1_000, ttlMs: 20 };
const FEW = [1, 36, 100, 127];

describe('entries that are too old', () => {
  silence();

  const on = backendForAll({ keyPrefix: 'old:' });

  beforeAll(async () => {
    for (const old of FEW) await append(`few:${old}`, old);
    await append('many', 300);
    await append('single', 63);
    const second = await now();
    // Scripts count a log's age in whole seconds.
    await waitFor(async () => (await now()) > second);
  });

  async function append(channel: string, count: number): Promise<void> {
    await on.backend.log.append(
      channel,
      numbers(count).map((n) => anEvent({ data: `${n}` })),
      BRIEF,
    );
  }

  async function now(): Promise<number> {
    const [seconds] = (await redisCommand(on.redis.port, ['TIME'])) as [string, string];
    return Number(seconds);
  }

  async function offsets(channel: string): Promise<number[]> {
    const entries = await redisCommand(on.redis.port, ['XRANGE', `old:{${channel}}:entries`, '-', '+']);
    return (entries as [id: string][]).map(([id]) => Number.parseInt(id, 10));
  }

  it.each(FEW)('are dropped when others are appended, and only they: %i of them', async (old) => {
    const channel = `few:${old}`;
    await append(channel, 192 - old);
    expect(await offsets(channel)).toEqual(
      numbers(192)
        .filter((offset) => offset >= old)
        .map((n) => n + 1),
    );
  });

  it('are dropped a bounded number at a time', async () => {
    await append('many', 20);
    expect((await offsets('many'))[0]).toBe(129);
    await append('many', 64);
    expect((await offsets('many'))[0]).toBe(257);
  });

  it('are dropped one by one too', async () => {
    await append('single', 1);
    expect(await offsets('single')).toEqual([64]);
  });
});
