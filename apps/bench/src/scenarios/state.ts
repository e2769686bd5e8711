import type { WriterName } from '../writers/main.js';
import { FIELD_BYTES } from '../writers/writer.js';
import type { RunOptions, Scenario, Target } from './scenario.js';
import { BYTES_COLUMN, WRITE_COLUMNS, writeTurns } from './write-turn.js';

const SIZES = { '1 KB': 1_000, '100 KB': 100_000, '1 MB': 1_000_000 } as const;
const QUICK_SIZES = { '1 KB': SIZES['1 KB'], '1 MB': SIZES['1 MB'] };
const SMALLEST = '1 KB';
const LUA = 'Lua: HSET';

const WRITERS: readonly { entrant: string; writer: WriterName }[] = [
  { entrant: 'Nestwire', writer: 'patcher' },
  { entrant: LUA, writer: 'hsetWriter' },
  { entrant: 'the whole map: SET', writer: 'wholeMapWriter' },
  { entrant: 'WATCH, GET, SET', writer: 'watchWriter' },
];

/** What a change costs, in each of the larger documents against {@link SMALLEST}. */
const SAME: readonly Pick<Target, 'figure' | 'atLeast' | 'atMost'>[] = [
  { figure: 'perSecond', atLeast: 0.85 },
  { figure: 'bytesToRedis', atMost: 1.15 },
  { figure: 'redisCpu', atMost: 1.15 },
  { figure: 'writerCpu', atMost: 1.15 },
];

const targets = Object.keys(SIZES).flatMap((size): Target[] => {
  const ours = { case: size, entrant: 'Nestwire' };
  const same = SAME.map((each) => ({ ...ours, ...each, against: 'Nestwire', againstCase: SMALLEST }));
  return [{ ...ours, figure: 'perSecond', against: LUA, atLeast: 0.8 }, ...(size === SMALLEST ? [] : same)];
});

export const state: Scenario = {
  name: 'state',
  title: 'State',
  about: `One process changes one field of ${FIELD_BYTES} bytes of a document of three sizes, ten fields in turn, and waits for each change. The rest of a
document is fields of 1,000 bytes. Nestwire's also writes the log's entry and publishes the patch. The whole map is kept in the process and written by SET: a second writer would lose changes.
All take turns of a quarter of a second.`,
  columns: [...WRITE_COLUMNS, BYTES_COLUMN],
  plotted: 'perSecond',
  rounds: { full: 3, quick: 1 },
  targets,
  obstacles: `The peer makes one call of Redis in its script. Ours makes five (what is there, the time, the fields, the log's entry, \`PUBLISH\`), all of
which the promise needs, and which alone are four fifths of the script's time: the checks are the rest. As each change is awaited before the next, the
rate loses just what they take; the process itself takes hardly more than the peer's. A machine that is slow to wake a process hides the difference, and
one that is quick shows it.`,
  async run(options: RunOptions) {
    const sizes = Object.entries(options.quick ? QUICK_SIZES : SIZES);
    const cases = sizes.flatMap(([size, bytes]) => WRITERS.map((each) => ({ ...each, size, bytes })));
    const turns = cases.map(({ writer, bytes }) => ({ writer, atOnce: 1, size: { bytes } }));
    for (let round = 1; round <= options.rounds; round += 1) {
      const all = await writeTurns(turns, options);
      cases.forEach(({ size, entrant }, i) =>
        options.record({ case: size, entrant, round, figures: all[i]! }),
      );
    }
  },
};
