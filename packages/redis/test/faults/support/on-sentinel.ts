import { type RedisSentinel, type RedisServer, startRedis, startSentinel } from '@nestwire/harness';
import { Started } from './started.js';
import type { Place } from './survive.js';
import { World } from './world.js';

/** Nodes that find their master through Sentinels. */
export class OnSentinel implements Place, AsyncDisposable {
  private constructor(
    private readonly started: Started,
    readonly redis: RedisSentinel,
    readonly world: World,
  ) {}

  static start({ waitReplicas = 0 } = {}): Promise<OnSentinel> {
    return Started.with(async (started) => {
      const redis = started.keep(await startSentinel());
      const options = { sentinels: [...redis.sentinels], name: redis.name };
      const settings = { redis: { options, waitReplicas, timeoutMs: 2_000 }, nodes: 2 };
      return new OnSentinel(started, redis, started.keep(await World.start(settings)));
    });
  }

  /** Another replica, of whoever is the master now; one that is never made the master, for it begins with nothing. */
  async addReplica(port: number): Promise<RedisServer> {
    const args = ['--repl-diskless-sync-delay', '0', '--replica-priority', '0'];
    args.push('--replicaof', '127.0.0.1', String(port));
    return this.started.keep(await startRedis({ args }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.started[Symbol.asyncDispose]();
  }
}
