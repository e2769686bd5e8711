import { DurableRedis } from './durable-redis.js';
import { Started } from './started.js';
import type { Place } from './survive.js';
import { World, type WorldOptions } from './world.js';

/** Nodes on one Redis. */
export class OnRedis implements Place, AsyncDisposable {
  private constructor(
    private readonly started: Started,
    readonly redis: DurableRedis,
    readonly world: World,
  ) {}

  static start(options: Partial<WorldOptions> = {}): Promise<OnRedis> {
    return Started.with(async (started) => {
      const redis = started.keep(await DurableRedis.start());
      // Short enough that publishes give up while Redis is away.
      const settings = { redis: { url: redis.url, timeoutMs: 1_500 }, ...options };
      return new OnRedis(started, redis, started.keep(await World.start(settings)));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.started[Symbol.asyncDispose]();
  }
}
