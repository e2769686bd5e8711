import { type Counted, HOLD_TTL_MS, type LimitStore } from '@nestwire/realtime';
import type { Redis } from 'ioredis';
import { RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisClients } from './connections/redis-clients.js';
import type { Keys } from './keys.js';
import type { RedisWriter } from './redis-writer.js';
import { Script } from './script.js';

const HOLD = new Script('hold');

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
    return toCounted(
      await this.clients.attempt(name, (client) => this.limiter(client).penalty(name, points, options)),
    );
  }

  async counted(key: string): Promise<Counted> {
    const name = this.keys.count(key);
    return toCounted(await this.clients.attempt(name, (client) => this.limiter(client).get(name)));
  }

  async hold(key: string, node: string, held: number): Promise<ReadonlyMap<string, number>> {
    const args = [node, held, HOLD_TTL_MS];
    const flat = await this.writer.run<string[]>(HOLD, [this.keys.held(key)], () => args);
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

function toCounted(found: RateLimiterRes | null): Counted {
  if (found === null || found.msBeforeNext <= 0) return { points: 0, endsInMs: 0 };
  return { points: found.consumedPoints, endsInMs: found.msBeforeNext };
}
