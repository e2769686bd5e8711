import type { OnRedis } from '../support/on-redis.js';
import type { Scenario } from '../support/survive.js';

/** SIGSTOP and SIGCONT: connections stay open, and what was sent is done when it goes on. */
export function hang(ms: number): Scenario<OnRedis> {
  return {
    name: `Redis stopped for ${ms / 1000} s`,
    async happen(run, { redis }) {
      await redis.stop();
      await run.apart(() => run.rest(ms));
      await redis.proceed();
    },
  };
}

/** `CLIENT KILL`, of all connections of all nodes. */
export const cutEverything: Scenario<OnRedis> = {
  name: 'all connections to Redis cut',
  async happen(run, { redis }) {
    for (let i = 0; i < 4; i += 1) {
      for (const type of ['normal', 'pubsub']) await redis.command('CLIENT', 'KILL', 'TYPE', type);
      await run.rest(20, 300);
    }
  },
};

/** Of some of the nodes, both or one of theirs. */
export const cutSome: Scenario<OnRedis> = {
  name: 'some connections to Redis cut',
  async happen(run, { redis }) {
    for (let i = 0; i < 8; i += 1) {
      const clients = String(await redis.command('CLIENT', 'LIST'));
      const ids = [...clients.matchAll(/^id=(\d+) .* name=nestwire:/gm)].map(([, id]) => id!);
      for (const id of ids) if (run.random.chance(0.4)) await redis.command('CLIENT', 'KILL', 'ID', id);
      await run.rest(10, 150);
    }
  },
};

/** Those that subscribe: publishing goes on, and nobody is told. */
export const cutSubscribers: Scenario<OnRedis> = {
  name: 'subscribers cut',
  async happen(run, { redis }) {
    for (let i = 0; i < 6; i += 1) {
      await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await run.rest(10, 250);
    }
  },
};

/** Everything is gone, and no connection was cut: only the log itself can tell. */
export const flush: Scenario<OnRedis> = {
  name: 'FLUSHALL',
  happen: async (_run, { redis }) => void (await redis.command('FLUSHALL')),
};

export const flushScripts: Scenario<OnRedis> = {
  name: 'SCRIPT FLUSH',
  async happen(run, { redis }) {
    for (let i = 0; i < 20; i += 1) {
      await redis.command('SCRIPT', 'FLUSH');
      await run.rest(0, 30);
    }
  },
};
