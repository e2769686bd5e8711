import { beforeAll, describe, expect, it } from '@jest/globals';
import { redisCommand, waitFor } from '@nestwire/harness';
import type { Appended, LogEntry } from '@nestwire/realtime';
import { anEvent, backendForAll, dataOf, KEEP, numbers, silence } from './support/log.js';

describe('events that are appended in one tick', () => {
  silence();

  const on = backendForAll();

  beforeAll(() => on.backend.log.append('warm', [anEvent()], KEEP));

  async function calls(): Promise<number> {
    const stats = String(await redisCommand(on.redis.port, ['INFO', 'commandstats']));
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  it('are one script call for many channels, and each channel has a log of its own', async () => {
    const before = await calls();
    const appends = numbers(100).map((n) =>
      on.backend.log.append(`many:${n % 50}`, [anEvent({ data: `${n}` })], KEEP),
    );
    const appended = (await Promise.all(appends)).flat();
    expect((await calls()) - before).toBe(1);
    expect(appended.map(({ position }) => position.offset)).toEqual(
      numbers(100).map((n) => (n < 50 ? 1 : 2)),
    );
    expect(await dataOf(on.backend.log, 'many:7')).toEqual([7, 57]);
  });

  it('fail alone: a channel that Redis refuses is not the trouble of the others, and doubles none', async () => {
    await redisCommand(on.redis.port, ['SET', 'nestwire:{bad:5}:log', 'text']);
    const appends = numbers(10).map((n) =>
      on.backend.log.append(`bad:${n}`, [anEvent({ data: `${n}` })], KEEP),
    );
    const outcomes = await Promise.allSettled(appends);
    expect(outcomes.map(({ status }) => status)).toEqual(
      numbers(10).map((n) => (n === 5 ? 'rejected' : 'fulfilled')),
    );
    expect(outcomes[5]).toMatchObject({ reason: { code: 'internal' } });
    for (const n of numbers(10).filter((each) => each !== 5))
      expect(await dataOf(on.backend.log, `bad:${n}`)).toEqual([n]);
  });

  it('with keys and without, of different histories, each get their own answer', async () => {
    const short = { size: 10, ttlMs: 1_000 };
    const append = (): Promise<{ duplicate: boolean }[]>[] => [
      on.backend.log.append('mixed:0', [anEvent({ idempotencyKey: 'k' })], KEEP),
      on.backend.log.append('mixed:1', [anEvent(), anEvent({ idempotencyKey: 'k' })], KEEP),
      on.backend.log.append('mixed:2', [anEvent()], short),
    ];
    const told = async (): Promise<boolean[]> =>
      (await Promise.all(append())).flat().map(({ duplicate }) => duplicate);
    expect(await told()).toEqual([false, false, false, false]);
    expect(await told()).toEqual([true, false, true, false]);
  });

  it('reach a follower as the log keeps them: process and script give the entries of a batch the same tags', async () => {
    const live: LogEntry[] = [];
    const unfollow = await on.backend.log.follow('batches', (entries) => void live.push(...entries));
    const batch = (idempotencyKey?: string): Promise<Appended[]> => {
      const events = numbers(50).map((n) => anEvent({ data: `${n}` }));
      return on.backend.log.append('batches', [anEvent({ idempotencyKey }), ...events], KEEP);
    };
    // With a key it is another script.
    const appended = [...(await batch()), ...(await batch('k'))];
    await waitFor(() => live.length === appended.length, { what: 'all entries' });
    unfollow();

    const { entries: kept } = await on.backend.log.readKept('batches', 0, KEEP, { count: 1_000 });
    expect(live).toEqual(kept);
    expect(appended.map(({ position }) => position)).toEqual(
      kept.map(({ epoch, offset, tag }) => ({ epoch, offset, tag })),
    );
    expect(kept.slice(1).map(({ previousTag }) => previousTag)).toEqual(
      kept.slice(0, -1).map(({ tag }) => tag),
    );
  });
});
