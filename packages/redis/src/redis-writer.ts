import type { Redis } from 'ioredis';
import type { Work } from './connections/attempts.js';
import { patienceOf } from './connections/client-options.js';
import type { RedisClients } from './connections/redis-clients.js';
import type { Shard } from './connections/shard.js';
import type { ResolvedRedisSettings } from './redis.options.js';
import type { GatheredScript } from './gathered-script.js';
import type { Script } from './script.js';

type Args = readonly (string | number)[];

export interface ScriptCall {
  readonly script: Script;
  readonly args: Args;
}

/** Runs scripts, waits while Redis is away, and waits for replicas where that is asked for. */
export class RedisWriter {
  constructor(
    private readonly clients: RedisClients,
    private readonly settings: ResolvedRedisSettings,
  ) {}

  /** For scripts that do no harm when they run twice, and are told when they may. */
  run<Reply>(script: Script, keys: readonly string[], args: (isRetry: boolean) => Args): Promise<Reply> {
    return this.clients.attempt(keys[0]!, (client, isRetry) =>
      script.run<Reply>(client, keys, args(isRetry)),
    );
  }

  /** For what many ask at once, each for something of its own. */
  ask<Reply>(script: GatheredScript, keys: readonly string[], args: Args): Promise<Reply> {
    return this.clients.attempt(keys[0]!, (client) =>
      this.clients.isCluster ? script.alone(client, keys, args) : script.gather(client, keys, args),
    );
  }

  /**
   * For scripts that publish, and that recognise themselves when they are tried again: `sinceMs` says then how long ago they may have run
   * at most. The deadline, and `triedAt` where it may have run before, are by `performance.now()`.
   */
  write<Reply>(
    keys: readonly string[],
    call: (publish: string, sinceMs: number | undefined) => ScriptCall,
    deadline = performance.now() + this.settings.timeoutMs,
    triedAt?: number,
  ): Promise<Reply> {
    const from = triedAt ?? performance.now();
    const timeoutMs = deadline - performance.now();
    const publish = this.clients.isSharded ? 'SPUBLISH' : 'PUBLISH';
    const send = (client: Redis, isRetry: boolean): Promise<Reply> => {
      const mayHaveRun = isRetry || triedAt !== undefined;
      const { script, args } = call(publish, mayHaveRun ? this.reachMs(from) : undefined);
      return script.run<Reply>(client, keys, args);
    };
    if (this.settings.waitReplicas === 0) return this.clients.attempt(keys[0]!, send, timeoutMs);
    const sendAndWait: Work<Reply> = async (client, isRetry, shard) => {
      const { connection } = shard;
      const reply = await send(client, isRetry);
      await this.replicated(shard, connection, deadline);
      return reply;
    };
    return this.clients.attempt(keys[0]!, sendAndWait, timeoutMs);
  }

  /** What is sent now may be on its way for as long as a server that says nothing is borne with. */
  private reachMs(from: number): number {
    return Math.ceil(performance.now() - from) + patienceOf(this.settings.timeoutMs);
  }

  /** WAIT speaks of what was written over the same connection: where that has broken, the write is tried again. */
  private async replicated(shard: Shard, connection: number, deadline: number): Promise<void> {
    const { waitReplicas } = this.settings;
    do {
      if (shard.connection !== connection)
        throw new Error('the connection broke before the replicas answered');
      if (performance.now() > deadline) throw new Error('the replicas have not answered in time');
    } while ((await shard.countReplicas(waitReplicas)) < waitReplicas);
  }
}
