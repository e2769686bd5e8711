import { type Counted, HOLD_TTL_MS, type LimitStore } from '@nestwire/realtime';
import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { RedisClients } from './connections/redis-clients.js';
import { GatheredScript } from './gathered-script.js';
import type { Keys } from './keys.js';
import type { RedisWriter } from './redis-writer.js';

const COUNTED = new GatheredScript('counted');
const HOLD = new GatheredScript('hold');

/** {@link LimitStore} on Redis: a number per count, and a hash per key under which nodes hold something. */
export class RedisLimitStore implements LimitStore {
  /** One for each server. */
  private readonly limiters = new WeakMap<Redis, RateLimiterRedis>();

  constructor(
    private readonly writer: RedisWriter,
    private readonly clients: RedisClients,
    private readonly keys: Keys,
  ) {}

  async count(key: string, points: number, windowMs: number): Promise<Counted> {
    const name = this.keys.count(key);
    const options = { customDuration: windowMs / 1_000 };
    const { consumedPoints, msBeforeNext } = await this.clients.attempt(name, (client) =>
      this.limiter(client).penalty(name, points, options),
    );
    return toCounted(consumedPoints, msBeforeNext);
  }

  async counted(key: string): Promise<Counted> {
    const [points, endsInMs] = await this.writer.ask<[string | number, number]>(
      COUNTED,
      [this.keys.count(key)],
      [],
    );
    return toCounted(Number(points), endsInMs);
  }

  async hold(key: string, node: string, held: number): Promise<ReadonlyMap<string, number>> {
    const args = [node, held, HOLD_TTL_MS];
    const flat = await this.writer.ask<string[]>(HOLD, [this.keys.held(key)], args);
    const nodes = new Map<string, number>();
    for (let i = 0; i < flat.length; i += 2) nodes.set(flat[i]!, Number(flat[i + 1]));
    return nodes;
  }

  /** It is given whole keys, and none of its own prefixes. */
  private limiter(client: Redis): RateLimiterRedis {
    let limiter = this.limiters.get(client);
    if (limiter === undefined) {
      limiter = new RateLimiterRedis({ storeClient: client, points: 0, duration: 0, keyPrefix: '' });
      this.limiters.set(client, limiter);
    }
    return limiter;
  }
}

function toCounted(points: number, endsInMs: number): Counted {
  return endsInMs <= 0 ? { points: 0, endsInMs: 0 } : { points, endsInMs };
}
