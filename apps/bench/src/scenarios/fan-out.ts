import { type Entrant, OURS, OURS_WITH_PRINCIPALS, SOCKET_IO_ENTRANTS, SSE_ENTRANTS } from '../contenders.js';
import type { RunResult } from '../load/drive.js';
import {
  entrantsFor,
  type Column,
  type Measurement,
  type RunOptions,
  type Scenario,
  type Target,
} from './scenario.js';
import { type Cost, Stage } from './stage.js';

interface FanOutCase {
  readonly listeners: number;
  readonly window: number;
}

const SERVERS = 2;
const CASES: readonly FanOutCase[] = [
  { listeners: 1_000, window: 64 },
  { listeners: 200, window: 8 },
  { listeners: 200, window: 1 },
];

/** The one where joining counts most, and the one where it cannot. */
const QUICK_CASES = CASES.filter(({ window }) => window !== 8);

const COLUMNS: readonly Column[] = [
  { figure: 'serverCpu', title: 'server CPU-s per 10⁶ deliveries' },
  { figure: 'writes', title: 'write calls per delivery', digits: 3 },
  { figure: 'bytes', title: 'bytes per delivery', digits: 0 },
  { figure: 'redisCpu', title: 'Redis CPU-s per 10⁵ messages' },
  { figure: 'redisCommands', title: 'Redis commands per message', digits: 1 },
  { figure: 'loadCpu', title: 'load CPU-s per 10⁶ deliveries' },
  { figure: 'messages', title: 'messages/s', digits: 0 },
];

const ABOUT = `Two server processes with one Redis, messages of 200 bytes, published on one of them, half of the listeners on
each. The window is how many messages are under way at once: the next is published when an earlier one has reached every
listener, so nobody can lag behind. Each client checks that it got every message, in order. With principals, each client has a
session, a user and two roles of its own, and the messages go to three channels in turn.`;

const OBSTACLES = `With one message under way there is nothing to join: each delivery is a write call of its own, for every entrant alike. Bare
sockets, whose servers do nothing else, take more than half of what the peer does; in ours the calls are some 70 % of the time (\`writeBuffer\` in a
CPU profile). The rest is the message's own, and 200 listeners are few to share it: it is stored, and comes back from Redis, before anybody gets it,
the publisher's own clients too, so that all have one order and nobody has what is not in the log. The peers write to their own clients at once, and all but redis-streams-adapter keep nothing.`;

function caseName({ listeners, window }: FanOutCase): string {
  return `${listeners.toLocaleString('en')} listeners, window ${window}`;
}

function fanOut(
  name: string,
  title: string,
  entrants: readonly Entrant[],
  peer: string,
  atMost: readonly number[],
): Scenario {
  const targets = CASES.flatMap((one, index) =>
    [OURS, OURS_WITH_PRINCIPALS].map((entrant): Target => ({
      case: caseName(one),
      entrant,
      figure: 'serverCpu',
      against: peer,
      atMost: atMost[index]!,
    })),
  );
  return {
    name,
    title,
    about: ABOUT,
    columns: COLUMNS,
    plotted: 'serverCpu',
    targets,
    obstacles: OBSTACLES,
    rounds: { full: 3, quick: 1 },
    run: (options) => takeTurns(entrants, options),
  };
}

export const socketIoFanOut = fanOut(
  'fan-out-socket.io',
  'Fan-out over Socket.IO',
  SOCKET_IO_ENTRANTS,
  'redis-adapter',
  [0.25, 0.45, 0.8],
);

export const sseFanOut = fanOut(
  'fan-out-sse',
  'Fan-out over SSE',
  SSE_ENTRANTS,
  'better-sse',
  [0.2, 0.5, 0.65],
);

async function takeTurns(entrants: readonly Entrant[], options: RunOptions): Promise<void> {
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const one of options.quick ? QUICK_CASES : CASES) {
      for (const entrant of entrantsFor(entrants, options.quick)) {
        // Where there is nothing to join it comes out like the other.
        if (options.quick && one.window === 1 && entrant.options?.joined) continue;
        options.record(await turn(entrant, one, round, options));
      }
    }
  }
}

async function turn(
  entrant: Entrant,
  { listeners, window }: FanOutCase,
  round: number,
  { quick, fromSource }: RunOptions,
): Promise<Measurement> {
  // With one message under way a second brings but a few hundred: too few for the code that is used once per message to be compiled.
  const [warmUpMs, durationMs] = quick ? [300, 700] : [2_000, 3_000];
  await using stage = await Stage.set({ entrant, servers: SERVERS, fromSource });
  await stage.open(listeners);
  const run = (ms: number): Promise<RunResult> => stage.load.ask('keepUnderWay', { window, durationMs: ms });
  await run(warmUpMs);
  const { result, cost } = await stage.measure(() => run(durationMs));
  return {
    case: caseName({ listeners, window }),
    entrant: entrant.name,
    round,
    figures: figuresOf(result, cost),
  };
}

function figuresOf({ messages, deliveries, bytes, seconds }: RunResult, cost: Cost): Measurement['figures'] {
  return {
    serverCpu: (cost.servers.cpu / deliveries) * 1e6,
    writes: cost.servers.writes / deliveries,
    bytes: bytes / deliveries,
    redisCpu: (cost.redis.cpu / messages) * 1e5,
    redisCommands: cost.redisCommands / messages,
    loadCpu: (cost.load.cpu / deliveries) * 1e6,
    messages: messages / seconds,
  };
}
