import { type RedisCluster, type RedisServer, redisCommand, startRedisCluster } from '@nestwire/harness';
import { Keys } from '../../../src/keys.js';
import { Started } from './started.js';
import type { Place } from './survive.js';
import { World } from './world.js';

const KEYS = new Keys('nestwire:', 0);

/** Nodes on a Redis Cluster of three masters, each with a replica. */
export class OnCluster implements Place, AsyncDisposable {
  private constructor(
    private readonly started: Started,
    readonly cluster: RedisCluster,
    readonly world: World,
  ) {}

  static start(): Promise<OnCluster> {
    return Started.with(async (started) => {
      const cluster = started.keep(await startRedisCluster());
      const redis = { cluster: [...cluster.nodes], timeoutMs: 2_000 };
      return new OnCluster(started, cluster, started.keep(await World.start({ redis, nodes: 2 })));
    });
  }

  masterOf(channel: string): Promise<RedisServer> {
    return this.cluster.masterOf(KEYS.log(channel));
  }

  /** Those whose logs are on this master. */
  async channelsOf(master: RedisServer, channels: readonly string[]): Promise<string[]> {
    const masters = await Promise.all(channels.map((channel) => this.masterOf(channel)));
    return channels.filter((_, index) => masters[index]!.port === master.port);
  }

  /** The port of a master's replica. */
  async replicaOf(master: RedisServer): Promise<number> {
    const id = String(await redisCommand(master.port, ['CLUSTER', 'MYID']));
    const [replica] = (await redisCommand(master.port, ['CLUSTER', 'REPLICAS', id])) as string[];
    return Number(/:(\d+)@/.exec(replica!)![1]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.started[Symbol.asyncDispose]();
  }
}
