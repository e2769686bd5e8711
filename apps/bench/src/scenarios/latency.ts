import { type Entrant, OURS, SOCKET_IO_ENTRANTS, SSE_ENTRANTS } from '../contenders.js';
import type { RunResult } from '../load/drive.js';
import { entrantsFor, type RunOptions, type Scenario } from './scenario.js';
import { Stage } from './stage.js';

const LISTENERS = 200;
const PER_SECOND = 50;

const OBSTACLES = `A message goes to Redis and back before anybody gets it, the clients of the node that published it too, so that all have one
order and nobody has what is not in the log. The peers write to their own clients, half of all, at once. Nothing waits for others to join it: a
tick is what has come by the end of the event loop's turn.`;

function latency(
  name: string,
  title: string,
  entrants: readonly Entrant[],
  peers: readonly string[],
): Scenario {
  const ofCase = `${PER_SECOND} messages/s, ${LISTENERS} listeners`;
  return {
    name,
    title,
    about: `Two server processes; from the call of \`publish\` on one of them to a client of either having read the message, over all deliveries.`,
    columns: [
      { figure: 'p50', title: 'p50, ms' },
      { figure: 'p99', title: 'p99, ms' },
    ],
    plotted: 'p99',
    obstacles: OBSTACLES,
    rounds: { full: 5, quick: 1 },
    targets: [
      { case: ofCase, entrant: OURS, figure: 'p50', against: peers, atMost: 1.15 },
      { case: ofCase, entrant: OURS, figure: 'p99', against: peers, atMost: 1.5 },
    ],
    async run({ rounds, quick, fromSource, record }: RunOptions) {
      for (let round = 1; round <= rounds; round += 1) {
        for (const entrant of entrantsFor(entrants, quick).filter(
          ({ options, principals }) => !options?.joined && !(quick && principals),
        )) {
          await using stage = await Stage.set({ entrant, servers: 2, fromSource });
          await stage.open(LISTENERS);
          const run = (durationMs: number): Promise<RunResult> =>
            stage.load.ask('atRate', { perSecond: PER_SECOND, durationMs });
          await run(quick ? 500 : 1_500);
          const { p50Ms, p99Ms } = await run(quick ? 1_000 : 5_000);
          record({ case: ofCase, entrant: entrant.name, round, figures: { p50: p50Ms, p99: p99Ms } });
        }
      }
    },
  };
}

export const socketIoLatency = latency('latency-socket.io', 'Latency over Socket.IO', SOCKET_IO_ENTRANTS, [
  'redis-adapter',
  'redis-adapter, sharded',
  'redis-streams-adapter',
]);

export const sseLatency = latency('latency-sse', 'Latency over SSE', SSE_ENTRANTS, ['@Sse', 'better-sse']);
