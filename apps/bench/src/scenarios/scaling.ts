import { type RedisServer, startRedisCluster } from '@nestwire/harness';
import type { RunResult } from '../load/drive.js';
import { type Usage, usageOf, usedBetween } from '../processes/usage.js';
import { Worker } from '../processes/worker.js';
import type { ServerReady } from '../servers/main.js';
import type { RunOptions, Scenario } from './scenario.js';

const SERVER = new URL('../servers/main.ts', import.meta.url);
const LOAD = new URL('../load/main.ts', import.meta.url);
const MASTERS = 3;
/** Spread over the masters; every node listens to all of them. */
const CHANNELS = 12;
const PER_SECOND = 200;

export const BY_NODES = 'nodes that listen, one client each';
export const BY_LISTENERS = 'clients of one node';
export const IDLE = 'idle connections of one node';

interface Size {
  readonly nodes: number;
  readonly listeners: number;
}

const SIZES: Readonly<Record<string, readonly Size[]>> = {
  [BY_NODES]: [1, 8, 32].map((nodes) => ({ nodes, listeners: nodes })),
  [BY_LISTENERS]: [1, 100, 500].map((listeners) => ({ nodes: 1, listeners })),
  [IDLE]: [{ nodes: 1, listeners: 1_000 }],
};

export const scaling: Scenario = {
  name: 'scaling',
  title: 'Scaling out',
  about: `A Redis Cluster of ${MASTERS} masters, ${CHANNELS} channels, ${PER_SECOND} events/s of 200 bytes over SSE. Many nodes are simulated in one process: each has an
application, a hub and connections to Redis of its own. The node that publishes is a process apart, and not counted. [Scaling](scaling.md) says what follows from it.`,
  columns: [
    { figure: 'redisCpu', title: 'Redis CPU-s per 10⁵ events, all masters' },
    { figure: 'nodeCpu', title: 'CPU-s per 10⁵ events, all nodes' },
    { figure: 'residentKiB', title: 'resident KiB per connection', digits: 1 },
    { figure: 'idleCpu', title: 'CPU-s per hour and 1,000 connections' },
  ],
  plotted: 'nodeCpu',
  rounds: { full: 2, quick: 1 },
  targets: [],
  async run(options: RunOptions) {
    await using cluster = await startRedisCluster({ masters: MASTERS, replicas: 0 });
    const masters = await cluster.masters();
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const [ofCase, sizes] of Object.entries(SIZES)) {
        // Two points make a line.
        for (const size of options.quick ? sizes.slice(0, 2) : sizes) {
          const figures = await turn(masters, size, ofCase === IDLE, options);
          options.record({ case: ofCase, entrant: String(size.listeners), round, figures });
        }
      }
    }
  },
};

async function turn(
  masters: readonly RedisServer[],
  { nodes, listeners }: Size,
  isIdle: boolean,
  { quick, fromSource }: RunOptions,
): Promise<Record<string, number>> {
  const url = `cluster:${masters.map(({ port }) => port).join(',')}`;
  const start = (count: number): Promise<{ worker: Worker; ready: ServerReady }> =>
    Worker.start(SERVER, { args: ['nodes', url, JSON.stringify({ nodes: count })], fromSource });
  const [listening, publishing, loading] = await Promise.all([
    start(nodes),
    start(1),
    Worker.start(LOAD, { fromSource }),
  ]);
  await using server = listening.worker;
  await using publisher = publishing.worker;
  await using load = loading.worker;
  const channels = isIdle ? 1 : CHANNELS;
  await publisher.ask('configure', { channels });
  const ports = await server.ask<number[]>('ports');
  const before = await server.ask<{ resident: number }>('memoryKiB');
  await load.ask('open', {
    dialect: 'nestwire-sse',
    ports,
    control: publishing.ready.control,
    count: listeners,
    channels,
  });
  const after = await server.ask<{ resident: number }>('memoryKiB');
  const run = (durationMs: number): Promise<RunResult> =>
    load.ask('atRate', { perSecond: isIdle ? 1e-3 : PER_SECOND, durationMs });
  await run(500);
  const usage = (): Usage[] => [server, ...masters].map(({ pid }) => usageOf(pid));
  const earlier = usage();
  const { messages, seconds } = await run(quick ? 1_000 : 5_000);
  const [nodesUsage, ...redisUsages] = usage().map((now, index) => usedBetween([earlier[index]!], [now]));
  if (isIdle) {
    return {
      residentKiB: (after.resident - before.resident) / listeners,
      idleCpu: ((nodesUsage!.cpu / seconds) * 3_600 * 1_000) / listeners,
    };
  }
  const redis = redisUsages.reduce((sum, { cpu }) => sum + cpu, 0);
  return { redisCpu: (redis / messages) * 1e5, nodeCpu: (nodesUsage!.cpu / messages) * 1e5 };
}
