import type { WriterName } from '../writers/main.js';
import type { RunOptions, Scenario } from './scenario.js';
import { WRITE_COLUMNS, writeTurns } from './write-turn.js';

const MANY = 'many at once';
const ONE = 'one awaited';
/** Publishes under way at once, of {@link MANY}. */
const AT_ONCE = 200;
const LUA = 'one Lua call: XADD, PUBLISH, EXPIRE';

const TURNS: readonly { case: string; entrant: string; writer: WriterName }[] = [
  { case: MANY, entrant: 'Nestwire, many channels', writer: 'publisher' },
  { case: MANY, entrant: 'Nestwire, idempotencyKey', writer: 'keyedPublisher' },
  { case: MANY, entrant: 'Nestwire, burst on one channel', writer: 'burstPublisher' },
  { case: MANY, entrant: LUA, writer: 'luaPublisher' },
  { case: MANY, entrant: 'XADD, PUBLISH, EXPIRE', writer: 'threeCommandPublisher' },
  { case: MANY, entrant: 'PUBLISH alone', writer: 'barePublisher' },
  { case: ONE, entrant: 'Nestwire', writer: 'publisher' },
  { case: ONE, entrant: LUA, writer: 'luaPublisher' },
  { case: ONE, entrant: 'XADD, then PUBLISH', writer: 'twoTripPublisher' },
];

export const publish: Scenario = {
  name: 'publish',
  title: 'Publishing',
  about: `One process publishes messages of 200 bytes; nobody listens. Many at once: ${AT_ONCE} are under way, on 1,000 channels in turn or on one.
One awaited: the next is published when the one before it is stored. All take turns of a quarter of a second.`,
  columns: WRITE_COLUMNS,
  plotted: 'perSecond',
  rounds: { full: 3, quick: 1 },
  targets: [
    { case: MANY, entrant: 'Nestwire, many channels', figure: 'redisCpu', against: LUA, atMost: 1.6 },
    { case: MANY, entrant: 'Nestwire, idempotencyKey', figure: 'redisCpu', against: LUA, atMost: 2.5 },
    { case: MANY, entrant: 'Nestwire, burst on one channel', figure: 'redisCpu', against: LUA, atMost: 0.6 },
    { case: ONE, entrant: 'Nestwire', figure: 'perSecond', against: LUA, atLeast: 0.9 },
  ],
  obstacles: `Beside \`XADD\` and \`PUBLISH\` the script asks for the time, reads where the log ends, and writes its new end: two calls of Redis more than
the bare one (which has \`EXPIRE\`), and each byte that a script handles is hashed by Redis's Lua. An \`idempotencyKey\` is one more key to read and one to
write. Where many are under way, one script call carries them all, which pays for most of that; one awaited publish pays for it alone. It is a round
trip of two processes that wake each other, and most of it is the kernel's, for both: what is left between them is these calls, and a few microseconds of
this process: its checks, the time-out, the position's text.`,
  async run(options: RunOptions) {
    const turns = TURNS.map(({ case: of, writer }) => ({ writer, atOnce: of === MANY ? AT_ONCE : 1 }));
    for (let round = 1; round <= options.rounds; round += 1) {
      const all = await writeTurns(turns, options);
      TURNS.forEach(({ case: of, entrant }, i) =>
        options.record({ case: of, entrant, round, figures: all[i]! }),
      );
    }
  },
};
