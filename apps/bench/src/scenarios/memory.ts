import { type Entrant, OURS, SOCKET_IO_ENTRANTS, SSE_ENTRANTS } from '../contenders.js';
import { entrantsFor, type RunOptions, type Scenario } from './scenario.js';
import { Stage } from './stage.js';

const CONNECTIONS = 2_000;
const QUICK_CONNECTIONS = 1_000;
/** So many are open before the first reading: code is compiled, caches are filled, and the space of young objects has grown. */
const FIRST_CONNECTIONS = 500;

const OBSTACLES = `Most of it is not ours: the socket, the parser, the request and the response of Node and Express, which an application may ask for as long
as a stream is open; over Socket.IO what Engine.IO, Socket.IO and \`ws\` keep, as the peers show. Ours is a connection, a subscription, and the way
of one to the other. About a tenth lies between objects that live, in pages that V8 does not give back.`;

interface MemoryKiB {
  readonly resident: number;
  readonly heap: number;
}

function memory(name: string, title: string, entrants: readonly Entrant[]): Scenario {
  const ofCase = 'idle connections';
  return {
    name,
    title,
    about: `What the memory of one server process grows by for each idle connection, from ${FIRST_CONNECTIONS} that are open already to ${CONNECTIONS.toLocaleString('en')} more,
so that what a process needs but once is not in it; read after garbage was collected, with what lies between objects and cannot be given back.
The kernel's buffers are not in it.`,
    columns: [
      { figure: 'resident', title: 'resident, KiB', digits: 1 },
      { figure: 'heap', title: 'JS heap, KiB', digits: 1 },
    ],
    plotted: 'resident',
    rounds: { full: 2, quick: 1 },
    targets: [{ case: ofCase, entrant: OURS, figure: 'resident', atMost: 16 }],
    obstacles: OBSTACLES,
    async run({ rounds, quick, fromSource, record }: RunOptions) {
      const count = quick ? QUICK_CONNECTIONS : CONNECTIONS;
      for (let round = 1; round <= rounds; round += 1) {
        for (const entrant of entrantsFor(entrants, quick).filter(
          ({ options, principals }) => !options?.joined && !(quick && principals),
        )) {
          await using stage = await Stage.set({ entrant, servers: 1, fromSource });
          const server = stage.servers[0]!;
          await stage.open(FIRST_CONNECTIONS);
          const before = await server.ask<MemoryKiB>('memoryKiB');
          await stage.open(count);
          const after = await server.ask<MemoryKiB>('memoryKiB');
          const figures = {
            resident: (after.resident - before.resident) / count,
            heap: (after.heap - before.heap) / count,
          };
          record({ case: ofCase, entrant: entrant.name, round, figures });
        }
      }
    },
  };
}

export const socketIoMemory = memory('memory-socket.io', 'Memory over Socket.IO', [
  ...SOCKET_IO_ENTRANTS,
  { name: 'Nest gateway', kind: 'gateway', dialect: 'socket.io' },
]);
export const sseMemory = memory('memory-sse', 'Memory over SSE', SSE_ENTRANTS);
