import { parseInfo, redisCommand } from '@nestwire/harness';
import { Redis } from 'ioredis';
import { setTimeout } from 'node:timers/promises';
import { type Entrant, OURS, OURS_WITH_PRINCIPALS, SSE_ENTRANTS } from '../contenders.js';
import type { RunOptions, Scenario, Target } from './scenario.js';
import { Stage } from './stage.js';

const CLIENTS = 500;
const BEHIND = 100;
const QUIET = `${CLIENTS} clients, ${BEHIND} behind`;
const LIVE_PER_SECOND = 200;
/** Storms before the one that is measured. */
const WARM_UPS = 3;
const QUICK_WARM_UPS = 1;
const LIVE = `${QUIET}, ${LIVE_PER_SECOND} messages/s go on`;
const SHARED = 'one XRANGE for all';

const ENTRANTS: readonly Entrant[] = [
  ...SSE_ENTRANTS.filter(({ kind }) => kind === 'nestwire'),
  { name: 'one XRANGE per client', kind: 'replay', dialect: 'sse' },
  { name: SHARED, kind: 'replay', dialect: 'sse', options: { shared: true } },
];

export const storm: Scenario = {
  name: 'storm',
  title: 'A storm of reconnects',
  about: `${CLIENTS} SSE clients of one server process lose their connections, miss ${BEHIND} messages of 200 bytes, and come back at once, each with its
cursor. The time ends when the last of them has what it missed. Every server has seen ${WARM_UPS} such storms before: one that has just been started has yet to
compile what it runs. Where messages go on, the CPU time is mostly that of some 150,000 deliveries in a second and a half. Reads are those of Redis streams. With principals, the messages are of three
channels, so at most three reads; each client's own four channels are looked at besides, which reads no stream.`,
  columns: [
    { figure: 'ms', title: 'ms', digits: 0 },
    { figure: 'reads', title: 'stream reads', digits: 0 },
    { figure: 'redisMB', title: 'MB read from Redis' },
    { figure: 'serverMs', title: 'server CPU, ms', digits: 0 },
    { figure: 'redisMs', title: 'Redis CPU, ms', digits: 0 },
    { figure: 'commands', title: 'Redis commands', digits: 0 },
  ],
  plotted: 'ms',
  rounds: { full: 3, quick: 1 },
  targets: [QUIET, LIVE].flatMap((ofCase): Target[] => [
    { case: ofCase, entrant: OURS, figure: 'reads', atMost: 1 },
    { case: ofCase, entrant: OURS_WITH_PRINCIPALS, figure: 'reads', atMost: 3 },
    { case: ofCase, entrant: OURS, figure: 'ms', against: SHARED, atMost: 1.2 },
  ]),
  obstacles: `The server that sets the time is bare \`node:http\`, which knows nobody and forgets its clients. What goes to all who were at the same
place is made once here too, and goes out with one system call each; a CPU profile shows no large part in the rest. Of a server that is warm, about a
fifth is Express's and Nest's way to the controller, a fifth garbage, an eighth the writing; what is left is who the client is and what it may
see, limits, subscriptions and four parts of a stream instead of one (\`ready\`, the replay's beginning, the replay, its end). With principals each client
brings four channels and a user's and a session's limits of its own: what is asked of Redis at one time goes out as one call, so that most of the
commands are those that scripts run inside. Where messages go on, nearly all of the CPU time is one write for each client and message, which no
server is spared whose messages come one at a time.`,
  async run(options: RunOptions) {
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const [ofCase, perSecond] of [
        [QUIET, 0],
        [LIVE, LIVE_PER_SECOND],
      ] as const) {
        for (const entrant of ENTRANTS)
          options.record({
            case: ofCase,
            entrant: entrant.name,
            round,
            figures: await turn(entrant, perSecond, options),
          });
      }
    }
  },
};

async function turn(
  entrant: Entrant,
  perSecond: number,
  { quick, fromSource }: RunOptions,
): Promise<Record<string, number>> {
  await using stage = await Stage.set({ entrant, servers: 1, fromSource });
  await stage.open(CLIENTS, { keepEnd: true });
  await stage.load.ask('publish', 2 * stage.channels);
  for (let i = 0; i < (quick ? QUICK_WARM_UPS : WARM_UPS); i += 1) {
    await leave(stage);
    await stage.load.ask('comeBack', { perSecond: 0 });
  }
  await leave(stage);
  const bytesBefore = await bytesSent(stage);
  await using reads = await Reads.of(stage);
  const { result, cost } = await stage.measure(() =>
    stage.load.ask<{ ms: number }>('comeBack', { perSecond }),
  );
  const redisMB = ((await bytesSent(stage)) - bytesBefore - reads.watchedBytes) / 1e6;
  return {
    ms: result.ms,
    reads: reads.count,
    redisMB,
    serverMs: cost.servers.cpu * 1_000,
    redisMs: cost.redis.cpu * 1_000,
    commands: cost.redisCommands,
  };
}

/** All go, and miss messages; the server has seen them go. */
async function leave({ load, servers: [server] }: Stage): Promise<void> {
  await load.ask('leave', BEHIND);
  await server!.ask('settled');
  for (let i = 0; i < 500 && (await server!.ask<number>('sockets')) >= CLIENTS; i += 1) await setTimeout(10);
}

/** Bytes that Redis has sent. */
async function bytesSent({ redis: { port } }: Stage): Promise<number> {
  const stats = parseInfo(await redisCommand(port, ['INFO', 'stats']));
  return Number(stats['total_net_output_bytes']);
}

/** Counts the reads of streams from somewhere on: an append looks at the first entries, to drop what is too old, which is no such read. */
class Reads implements AsyncDisposable {
  count = 0;

  private constructor(
    private readonly client: Redis,
    private readonly monitor: Redis,
  ) {
    monitor.on('monitor', (_: string, [command = '', , from = '']: string[]) => {
      if (command.toLowerCase() === 'xrange' && from !== '-') this.count += 1;
    });
  }

  /** What Redis has sent to say what it does. */
  get watchedBytes(): number {
    return this.monitor.stream.bytesRead;
  }

  static async of({ redis }: Stage): Promise<Reads> {
    const client = new Redis(redis.url);
    return new Reads(client, await client.monitor());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.monitor.disconnect();
    this.client.disconnect();
  }
}
