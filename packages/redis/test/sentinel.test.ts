import { describe, expect, it } from '@jest/globals';
import { redisCommand, startSentinel, waitFor } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import { Following } from './support/following.js';
import { anEvent, dataOf, KEEP, numbers, silence, started, turn } from './support/log.js';

describe('a master that Sentinels name', () => {
  silence();

  it('may be killed: what waited for the replica is there, publishing and following go on without a restart', async () => {
    await using redis = await startSentinel();
    const options = { sentinels: [...redis.sentinels], name: redis.name };
    await using backend = await started(redisBackend({ options, waitReplicas: 1, timeoutMs: 2_000 }));
    await using peer = await started(redisBackend({ options }));
    const told: string[] = [];
    peer.onInterrupted(() => told.push('interrupted'));
    const following = await Following.start(peer, 'followed');
    await following.hears(backend);

    const appends: Promise<unknown>[] = [];
    let killed: Promise<void> | undefined;
    for (const n of numbers(200)) {
      appends.push(backend.log.append('kept', [anEvent({ data: String(n) })], KEEP));
      if (n === 100) killed = redis.killMaster();
      await turn();
    }
    const outcomes = await Promise.allSettled(appends);
    await killed;
    const acknowledged = numbers(200).filter((n) => outcomes[n]!.status === 'fulfilled');
    const kept = await waitFor(() => dataOf(peer.log, 'kept'), { timeoutMs: 10_000 });
    expect(kept.filter((n) => acknowledged.includes(n))).toEqual(acknowledged);

    // The replica that is waited for is the master now, and has none of its own.
    await expect(backend.log.append('kept', [anEvent()], KEEP)).rejects.toMatchObject({
      code: 'unavailable',
      details: { outcome: 'unknown' },
    });
    await following.hears(peer);
    expect(told).toContain('interrupted');
    expect(String(await redisCommand(redis.replica.port, ['ROLE']))).toMatch(/^master/);
  }, 60_000);
});
