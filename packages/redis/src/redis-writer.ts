import { unavailable } from './redis-errors.js';
import type { RedisClients } from './redis-clients.js';
import type { RedisClient, ResolvedRedisSettings } from './redis.options.js';
import type { Script } from './script.js';

type Args = readonly (string | number)[];

/** Runs scripts, waits while Redis is away, and waits for replicas where that is asked for. */
export class RedisWriter {
  constructor(
    private readonly clients: RedisClients,
    private readonly settings: ResolvedRedisSettings,
    readonly publish: () => 'PUBLISH' | 'SPUBLISH',
  ) {}

  /** For scripts that do no harm when they run twice. */
  run<Reply>(script: Script, keys: readonly string[], args: () => Args): Promise<Reply> {
    return this.clients.attempt((client) => script.run<Reply>(client, keys, args()));
  }

  /** For scripts that publish, and that recognise themselves when they are tried again. */
  write<Reply>(
    script: Script,
    keys: readonly string[],
    args: (publish: string, isRetry: boolean) => Args,
  ): Promise<Reply> {
    return this.clients.attempt(async (client, isRetry) => {
      const reply = await script.run<Reply>(client, keys, args(this.publish(), isRetry));
      if (this.settings.waitReplicas > 0) await this.waitForReplicas(client);
      return reply;
    });
  }

  private async waitForReplicas(client: RedisClient): Promise<void> {
    const { waitReplicas, timeoutMs } = this.settings;
    const reached = await client.call('WAIT', waitReplicas, timeoutMs);
    if (Number(reached) < waitReplicas) throw unavailable(true);
  }
}
