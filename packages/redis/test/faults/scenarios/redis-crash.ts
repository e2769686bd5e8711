import type { Persistence } from '../support/durable-redis.js';
import type { OnRedis } from '../support/on-redis.js';
import type { Scenario } from '../support/survive.js';

/** What of its file a crash of the machine takes along: some hundred events. */
const TAIL_BYTES = 60_000;

/** SIGKILL, and started again. What was written is with the system, whether it was forced to disk or not. */
export function crash(persistence: Persistence): Scenario<OnRedis> {
  return {
    name: `Redis killed, keeping ${persistence}`,
    prepare: ({ redis }) => redis.keep(persistence),
    async happen(run, { redis }) {
      await redis.crash();
      await run.apart(() => run.rest(100, 800));
      await redis.restart();
    },
  };
}

/** The machine goes down, and with it what its file had not yet on disk. */
export const losingTheTail: Scenario<OnRedis> = {
  name: 'Redis killed, losing the tail of its file',
  prepare: ({ redis }) => redis.keep('everysec'),
  async happen(run, { redis }) {
    await redis.crash();
    // What was acknowledged is told to the checker before it hears that the log was rewound.
    await run.apart(() => run.rest(300));
    const ends = await redis.loseTail(TAIL_BYTES, run.channels);
    for (const [channel, { epoch, offset }] of ends) run.checker.rewound(channel, epoch, offset);
    await redis.restart();
  },
};
