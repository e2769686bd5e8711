import { parseInfo, redisCommand, type RedisServer, startRedis } from '@nestwire/harness';
import type { Entrant } from '../contenders.js';
import type { OpenRequest } from '../load/main.js';
import { usageOf, usedBetween, type Usage } from '../processes/usage.js';
import { Worker } from '../processes/worker.js';
import type { ServerReady } from '../servers/main.js';

const SERVER = new URL('../servers/main.ts', import.meta.url);
const LOAD = new URL('../load/main.ts', import.meta.url);
const PRINCIPAL_CHANNELS = 3;

export interface StageOptions {
  readonly entrant: Entrant;
  readonly servers: number;
  readonly fromSource?: boolean;
  readonly redis?: RedisServer;
  /** Where the servers after the first find it. Default: where it is. */
  readonly otherUrl?: string;
}

/** What a stretch of work has cost, in seconds of CPU. */
export interface Cost {
  readonly servers: Usage;
  readonly load: Usage;
  readonly redis: Usage;
  readonly redisCommands: number;
}

/** One entrant's servers with a Redis and a load of their own, started anew for each turn. */
export class Stage implements AsyncDisposable {
  private constructor(
    readonly entrant: Entrant,
    readonly redis: RedisServer,
    readonly servers: readonly Worker[],
    readonly ready: readonly ServerReady[],
    readonly load: Worker,
  ) {}

  static async set({
    entrant,
    servers: count,
    fromSource = false,
    redis: given,
    otherUrl,
  }: StageOptions): Promise<Stage> {
    const redis = given ?? (await startRedis());
    const servers = Array.from({ length: count }, (_, index) => {
      const url = index === 0 ? redis.url : (otherUrl ?? redis.url);
      const args = [entrant.kind, url, JSON.stringify(entrant.options ?? {})];
      return Worker.start<ServerReady>(SERVER, { args, fromSource });
    });
    const started = await Promise.all([Worker.start(LOAD, { fromSource }), ...servers]);
    const [load, ...others] = started;
    return new Stage(
      entrant,
      redis,
      others.map(({ worker }) => worker),
      others.map(({ ready }) => ready),
      load.worker,
    );
  }

  get channels(): number {
    return this.entrant.principals ? PRINCIPAL_CHANNELS : 1;
  }

  /** Connects so many clients; those that were connected before stay, and are asked for nothing any more. */
  async open(count: number, more: Partial<OpenRequest> = {}): Promise<void> {
    const { channels, entrant } = this;
    for (const server of this.servers) await server.ask('configure', { channels });
    const secrets = entrant.principals ? await this.servers[0]!.ask<string[]>('sessions', count) : undefined;
    const request: OpenRequest = {
      dialect: entrant.dialect,
      ports: this.ready.map(({ port }) => port),
      control: this.ready[0]!.control,
      count,
      channels,
      ...(secrets && { secrets }),
      ...more,
    };
    await this.load.ask('open', request);
  }

  /** Does something, and says what it has cost. */
  async measure<T>(work: () => Promise<T>): Promise<{ result: T; cost: Cost }> {
    const before = this.usage();
    const commands = await redisCommands(this.redis);
    const result = await work();
    const after = this.usage();
    return {
      result,
      cost: {
        servers: usedBetween(before.servers, after.servers),
        load: usedBetween([before.load], [after.load]),
        redis: usedBetween([before.redis], [after.redis]),
        redisCommands: (await redisCommands(this.redis)) - commands,
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.servers, this.load].map((worker) => worker[Symbol.asyncDispose]()));
    await this.redis[Symbol.asyncDispose]();
  }

  private usage(): { servers: Usage[]; load: Usage; redis: Usage } {
    return {
      servers: this.servers.map(({ pid }) => usageOf(pid)),
      load: usageOf(this.load.pid),
      redis: usageOf(this.redis.pid),
    };
  }
}

/** Commands that Redis has run, those of scripts included. */
async function redisCommands({ port }: RedisServer): Promise<number> {
  const stats = parseInfo(await redisCommand(port, ['INFO', 'commandstats']));
  return Object.values(stats).reduce((sum, text) => sum + Number(/calls=(\d+)/.exec(text)?.[1] ?? 0), 0);
}
