import { type Proxy, redisCommand, type RedisServer, startProxy, startRedis } from '@nestwire/harness';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { max, median } from 'simple-statistics';
import { type Entrant, OURS, SOCKET_IO_ENTRANTS } from '../contenders.js';
import type { Drive } from '../load/drive.js';
import { entrantsFor, type RunOptions, type Scenario } from './scenario.js';
import { Stage } from './stage.js';

const CLIENTS = 20;
const PER_SECOND = 100;
const DURATION_MS = 5_000;
const FAULT_AFTER_MS = 1_000;
const AWAY_MS = 2_000;
const RESTART_MS = 300;
const KILLS = 3;

const LOG_LOST = 'Redis is restarted, its log lost';
const QUICK_FAULT = 'its connections are killed three times';

type Counted = Awaited<ReturnType<Drive['countLost']>>;

interface Site {
  readonly directory: string;
  readonly proxy: Proxy;
  redis: RedisServer;
}

const FAULTS: Readonly<Record<string, (site: Site) => Promise<void>>> = {
  'Redis is restarted, its log kept (AOF)': async (site) => {
    const { port } = site.redis;
    await site.redis.kill('SIGKILL');
    await setTimeout(RESTART_MS);
    site.redis = await startDurableRedis(site.directory, port);
  },
  [LOG_LOST]: async (site) => {
    const { port } = site.redis;
    await site.redis.kill('SIGKILL');
    await setTimeout(RESTART_MS);
    site.redis = await startRedis({ port });
  },
  'the node that listens is cut off from Redis for 2 s': async ({ proxy }) => {
    await proxy.refuse();
    proxy.cut();
    await setTimeout(AWAY_MS);
    await proxy.accept();
  },
  [QUICK_FAULT]: async ({ redis: { port } }) => {
    for (let i = 0; i < KILLS; i += 1) {
      for (const type of ['normal', 'pubsub']) await redisCommand(port, ['CLIENT', 'KILL', 'TYPE', type]);
      await setTimeout(AWAY_MS / KILLS);
    }
  },
};

const ENTRANTS = SOCKET_IO_ENTRANTS.filter(
  ({ name, kind }) => name === OURS || (kind === 'socket.io' && !name.includes('sharded')),
);

export const faults: Scenario = {
  name: 'faults',
  title: 'Faults of Redis',
  about: `${PER_SECOND} messages/s for ${DURATION_MS / 1_000} s, published on one of two nodes; ${CLIENTS} Socket.IO clients on the other. Lost is what a client had not got when
nothing had come for five seconds. Refused is what the publisher was told had failed, and might publish again; it counts as lost too.
Where Redis itself has lost the log, what counts is that who lacks something has been told (\`gap\`).`,
  columns: [
    { figure: 'lost', title: 'lost per client', digits: 0 },
    { figure: 'lostMost', title: 'by the worst off', digits: 0 },
    { figure: 'unaware', title: 'by the worst off who was not told', digits: 0 },
    { figure: 'refused', title: 'refused', digits: 0 },
    { figure: 'published', title: 'published', digits: 0 },
  ],
  plotted: 'lost',
  rounds: { full: 2, quick: 1 },
  targets: Object.keys(FAULTS).map((fault) => ({
    case: fault,
    entrant: OURS,
    figure: fault === LOG_LOST ? 'unaware' : 'lostMost',
    atMost: 0,
  })),
  async run(options: RunOptions) {
    for (let round = 1; round <= options.rounds; round += 1) {
      const names = options.quick ? [QUICK_FAULT] : Object.keys(FAULTS);
      for (const fault of names) {
        for (const entrant of entrantsFor(ENTRANTS, options.quick))
          options.record({
            case: fault,
            entrant: entrant.name,
            round,
            figures: await turn(entrant, fault, options),
          });
      }
    }
  },
};

async function turn(
  entrant: Entrant,
  fault: string,
  { fromSource }: RunOptions,
): Promise<Record<string, number>> {
  const directory = await mkdtemp(join(tmpdir(), 'nestwire-bench-'));
  try {
    const redis = await startDurableRedis(directory);
    await using proxy = await startProxy({ to: redis.port });
    const site: Site = { directory, proxy, redis };
    await using stage = await Stage.set({
      entrant,
      servers: 2,
      fromSource,
      redis,
      otherUrl: `redis://127.0.0.1:${proxy.port}`,
    });
    await stage.open(CLIENTS, { ports: [stage.ready[1]!.port], watchGaps: true });
    const counted = stage.load.ask<Counted>('countLost', {
      perSecond: PER_SECOND,
      durationMs: DURATION_MS,
    });
    await setTimeout(FAULT_AFTER_MS);
    await FAULTS[fault]!(site);
    const { published, lost, unaware } = await counted;
    const refused = await stage.servers[0]!.ask<number>('settled');
    await site.redis[Symbol.asyncDispose]();
    return { published, refused, lost: median(lost), lostMost: max(lost), unaware: max(unaware) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function startDurableRedis(directory: string, port?: number): Promise<RedisServer> {
  return startRedis({
    args: ['--appendonly', 'yes', '--dir', directory],
    ...(port !== undefined && { port }),
  });
}
