import { type Entrant, OURS, SOCKET_IO_ENTRANTS, SSE_ENTRANTS } from '../contenders.js';
import type { RunOptions, Scenario } from './scenario.js';
import { Stage } from './stage.js';

const STALLED = 10;
const READING = 10;
const MESSAGE_BYTES = 20_000;
const MESSAGES = 950;
const PER_SECOND = 200;
const RECOVER_MS = 5_000;
const QUICK_RECOVER_MS = 1_500;
const OURS_ON = { 'socket.io': `${OURS}, Socket.IO`, sse: `${OURS}, SSE` };
/** Ten times the bound of 1 MB. */
const BOUND_MB = 10;

const ENTRANTS: readonly Entrant[] = [...SOCKET_IO_ENTRANTS, ...SSE_ENTRANTS]
  .filter(
    ({ name, options, kind }) =>
      [OURS, 'redis-adapter', '@Sse', 'better-sse'].includes(name) && kind !== 'ws' && !options?.joined,
  )
  .map((entrant) =>
    entrant.kind === 'nestwire'
      ? { ...entrant, name: entrant.dialect === 'nestwire-sse' ? OURS_ON.sse : OURS_ON['socket.io'] }
      : entrant,
  );

/** Ours, and the one peer that keeps all that is owed. */
const QUICK_ENTRANTS = ENTRANTS.filter(({ name, kind }) => kind === 'nestwire' || name === 'better-sse');

const CASE = `${STALLED} of ${STALLED + READING} clients stop reading`;

export const stalled: Scenario = {
  name: 'stalled',
  title: 'Clients that stop reading',
  about: `${STALLED} of ${STALLED + READING} clients stop reading while ${MESSAGES} messages of ${MESSAGE_BYTES / 1_000} kB are published at ${PER_SECOND} a second: ${Math.round((STALLED * MESSAGES * MESSAGE_BYTES) / 1e6)} MB are owed to
them, some of which the kernel takes. The others get everything. Memory is what the server process has grown by, less what it grows by when all
read. Then they come back, with their cursor where there is one.`,
  columns: [
    { figure: 'grownMB', title: 'memory above the same run without them, MB', digits: 0 },
    { figure: 'let', title: 'let go by the server', digits: 0 },
    { figure: 'lacking', title: 'messages that each lacks in the end', digits: 0 },
  ],
  plotted: 'grownMB',
  rounds: { full: 2, quick: 1 },
  targets: Object.values(OURS_ON).flatMap((entrant) => [
    { case: CASE, entrant, figure: 'grownMB', atMost: BOUND_MB },
    { case: CASE, entrant, figure: 'let', atLeast: STALLED },
    { case: CASE, entrant, figure: 'lacking', atMost: 0 },
  ]),
  async run(options: RunOptions) {
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const entrant of options.quick ? QUICK_ENTRANTS : ENTRANTS) {
        const without = await turn(entrant, 0, options);
        const { grownMB, ...figures } = await turn(entrant, STALLED, options);
        options.record({
          case: CASE,
          entrant: entrant.name,
          round,
          figures: { ...figures, grownMB: grownMB - without.grownMB },
        });
      }
    }
  },
};

async function turn(
  entrant: Entrant,
  stalling: number,
  { quick, fromSource }: RunOptions,
): Promise<{ grownMB: number; let: number; lacking: number }> {
  await using stage = await Stage.set({ entrant, servers: 1, fromSource });
  const server = stage.servers[0]!;
  await stage.open(STALLED + READING, { keepEnd: true });
  await server.ask('configure', { bytes: MESSAGE_BYTES });
  await stage.load.ask('publish', 10);
  const before = await reading(stage);
  await stage.load.ask('stall', {
    stalled: stalling,
    count: MESSAGES,
    perSecond: quick ? 2 * PER_SECOND : PER_SECOND,
  });
  const after = await reading(stage);
  const lacking =
    stalling === 0
      ? 0
      : await stage.load.ask<number>('recover', {
          stalled: stalling,
          timeoutMs: quick ? QUICK_RECOVER_MS : RECOVER_MS,
        });
  return {
    grownMB: (after.residentKiB - before.residentKiB) / 1_024,
    let: before.sockets - after.sockets,
    lacking,
  };
}

async function reading({ servers: [server] }: Stage): Promise<{ residentKiB: number; sockets: number }> {
  const { resident } = await server!.ask<{ resident: number }>('memoryKiB');
  return { residentKiB: resident, sockets: await server!.ask<number>('sockets') };
}
