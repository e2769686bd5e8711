import type { Redis } from 'ioredis';
import { Fence } from './fence.js';
import { Heartbeat } from './heartbeat.js';

/** How long a WAIT may keep the connection from everything else, in milliseconds. */
const WAIT_SLICE_MS = 50;

/** A server that commands go to: the only one, or the master of some of a cluster's slots. */
export class Shard {
  /** False while the connection is away. Nothing must be sent then. */
  isReady = false;
  /** Counts connections: WAIT speaks of what was written over the same one. */
  connection = 0;
  private isCorked = false;
  private waiting: Promise<number> | undefined;
  private lastWait: Promise<unknown> = Promise.resolve();
  private readonly heartbeat: Heartbeat;

  constructor(
    readonly client: Redis,
    patienceMs: number,
    onChange: () => void,
    fence: Fence = new Fence(),
  ) {
    this.heartbeat = new Heartbeat(client, patienceMs);
    client.on('ready', () => {
      this.connection += 1;
      fence.raise(client);
      this.isReady = true;
      onChange();
    });
    client.on('close', () => {
      this.isReady = false;
      onChange();
    });
  }

  /** It is no longer used. */
  dispose(): void {
    this.heartbeat.stop();
  }

  /** What is sent until the end of this tick goes out in one write. */
  gather(): void {
    if (this.isCorked) return;
    this.isCorked = true;
    const { stream } = this.client;
    stream.cork();
    process.nextTick(() => {
      this.isCorked = false;
      stream.uncork();
    });
  }

  /**
   * How many replicas have everything that was written over this connection until now; asked once for all who ask meanwhile, for it keeps
   * the connection from everything else, for {@link WAIT_SLICE_MS} at most.
   */
  countReplicas(enough: number): Promise<number> {
    this.waiting ??= this.lastWait.then(() => {
      this.waiting = undefined;
      const count = this.client.wait(enough, WAIT_SLICE_MS);
      this.lastWait = count.catch(() => undefined);
      return count;
    });
    return this.waiting;
  }
}
