import { waitFor } from '@nestwire/harness';
import { endOf } from '../support/durable-redis.js';
import type { OnRedis } from '../support/on-redis.js';
import type { Run } from '../support/run.js';
import type { Scenario } from '../support/survive.js';

const PATIENCE = { timeoutMs: 30_000, intervalMs: 20 };

/** `maxmemory` is reached, and nothing may be evicted: what would be written is refused. */
export const full: Scenario<OnRedis> = {
  name: 'Redis full, with noeviction',
  async happen(run, { redis }) {
    const refused = (): number => run.publishers.reduce((sum, each) => sum + each.refused, 0);
    const before = refused();
    await redis.command('CONFIG', 'SET', 'maxmemory', (await usedBytes(redis)) + 20_000);
    try {
      await waitFor(() => refused() > before + 20, { ...PATIENCE, what: 'publishes to be refused' });
      await run.rest(200, 600);
    } finally {
      await redis.command('CONFIG', 'SET', 'maxmemory', 0);
    }
  },
};

/** `maxmemory` is reached, and logs are evicted, whole or in part, while they are in use. */
export const evicting: Scenario<OnRedis> = {
  name: 'Redis full, with allkeys-lru',
  prepare: async ({ redis }) =>
    void (await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')),
  async happen(run, { redis }) {
    const before = await epochs(run, redis);
    let limit = await usedBytes(redis);
    try {
      await waitFor(
        async () => {
          await redis.command('CONFIG', 'SET', 'maxmemory', (limit = Math.floor(limit * 0.97)));
          await run.rest(20, 60);
          return (await epochs(run, redis)) !== before;
        },
        { ...PATIENCE, what: 'a log to be evicted' },
      );
    } finally {
      await redis.command('CONFIG', 'SET', 'maxmemory', 0);
    }
  },
};

async function usedBytes(redis: OnRedis['redis']): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);
}

async function epochs({ channels }: Run, { port }: OnRedis['redis']): Promise<string> {
  const ends = await Promise.all(channels.map((channel) => endOf(port, channel)));
  return ends.map(({ epoch }) => epoch).join();
}
