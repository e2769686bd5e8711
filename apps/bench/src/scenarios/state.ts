import type { WriterName } from '../writers/main.js';
import { FIELD_BYTES } from '../writers/writer.js';
import type { RunOptions, Scenario, Target } from './scenario.js';
import { WRITE_COLUMNS, writeTurn } from './write-turn.js';

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

const targets = Object.keys(SIZES).flatMap((size): Target[] => [
  { case: size, entrant: 'Nestwire', figure: 'perSecond', against: LUA, atLeast: 0.8 },
  ...(size === SMALLEST
    ? []
    : [
        {
          case: size,
          entrant: 'Nestwire',
          figure: 'perSecond',
          against: 'Nestwire',
          againstCase: SMALLEST,
          atLeast: 0.85,
        },
      ]),
]);

export const state: Scenario = {
  name: 'state',
  title: 'State',
  about: `One process changes one field of ${FIELD_BYTES} bytes of a document of three sizes, and waits for each change. Nestwire's also writes the
log's entry and publishes the patch. The whole map is kept in the process and written by SET: a second writer would lose changes.`,
  columns: WRITE_COLUMNS,
  plotted: 'perSecond',
  rounds: { full: 3, quick: 1 },
  targets,
  async run(options: RunOptions) {
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const [size, bytes] of Object.entries(options.quick ? QUICK_SIZES : SIZES)) {
        for (const { entrant, writer } of WRITERS) {
          const turn = { writer, atOnce: 1, size: { fields: bytes / FIELD_BYTES } };
          options.record({ case: size, entrant, round, figures: await writeTurn(turn, options) });
        }
      }
    }
  },
};
