import { setImmediate } from 'node:timers/promises';
import { serve } from '../processes/serve.js';
import { startBareHttp, startBareWs } from './bare-sockets.js';
import { startBareReplay } from './bare-replay.js';
import { startBetterSse } from './better-sse.js';
import type { ContenderOptions, StartContender } from './contender.js';
import { startNestGateway } from './nest-gateway.js';
import { startNestSse } from './nest-sse.js';
import { startNestwire, startNestwireNodes } from './nestwire.js';
import { Publisher } from './publisher.js';
import { startSocketIo } from './socket-io.js';

/** What a server process says when it is ready. */
export interface ServerReady {
  /** Where clients connect. */
  readonly port: number;
  /** Where the load says what to publish. */
  readonly control: number;
}

const STARTS = {
  nestwire: startNestwire,
  nodes: startNestwireNodes,
  'socket.io': startSocketIo,
  'better-sse': startBetterSse,
  '@Sse': startNestSse,
  gateway: startNestGateway,
  'node:http': startBareHttp,
  ws: startBareWs,
  replay: startBareReplay,
} satisfies Record<string, StartContender>;

export type ServerKind = keyof typeof STARTS;

// Some peers leave what they publish while Redis is away to nobody; that is measured, and must not end the process.
process.on('unhandledRejection', () => {});

const [kind, redisUrl, options] = process.argv.slice(2) as [ServerKind, string, string];
const contender = await STARTS[kind](redisUrl, JSON.parse(options) as ContenderOptions);
const publisher = new Publisher(contender);
const ready: ServerReady = { port: await contender.listen(), control: await publisher.listen() };
serve(
  {
    configure: (settings: Pick<Publisher, 'channels' | 'bytes'>) => void Object.assign(publisher, settings),
    /** Resolves when everything that was published so far is stored, or has failed; says how much has failed. */
    settled: () => publisher.settled(),
    /** When garbage has gone: what is cleared at the next tick keeps some for a while. */
    memoryKiB: async () => {
      for (let i = 0; i < 5; i += 1) {
        await setImmediate();
        global.gc!();
      }
      const { rss, heapUsed } = process.memoryUsage();
      return { resident: rss / 1024, heap: heapUsed / 1024 };
    },
    /** Sockets that the process has open, those of the runner and of Redis included. */
    sockets: () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
    ...contender.operations,
  },
  ready,
);
