import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { type Counted, HOLD_TTL_MS, type LimitStore } from '../limit-store.js';
import { type Clock, SYSTEM_CLOCK } from '../../clock.js';
import { atMost } from '../../at-most.js';

/** Keys under which something is held; those that nobody has spoken of for longest go first. */
const MAX_HELD_KEYS = 1_000_000;

/** {@link LimitStore} in this process's memory. */
export class MemoryLimitStore implements LimitStore {
  private readonly counts = new RateLimiterMemory({ points: 0, duration: 0 });
  private readonly held: LRUCache<string, ReadonlyMap<string, number>>;

  constructor(clock: Pick<Clock, 'monotonic'> = SYSTEM_CLOCK) {
    this.held = new LRUCache({
      ...atMost(MAX_HELD_KEYS),
      ttl: HOLD_TTL_MS,
      ttlResolution: 0,
      perf: { now: () => clock.monotonic() },
    });
  }

  async count(key: string, points: number, windowMs: number): Promise<Counted> {
    return toCounted(await this.counts.penalty(key, points, { customDuration: windowMs / 1_000 }));
  }

  async counted(key: string): Promise<Counted> {
    return toCounted(await this.counts.get(key));
  }

  async hold(key: string, node: string, held: number): Promise<ReadonlyMap<string, number>> {
    const nodes = new Map(this.held.get(key));
    if (held > 0) nodes.set(node, held);
    else nodes.delete(node);
    if (nodes.size > 0) this.held.set(key, nodes);
    else this.held.delete(key);
    return nodes;
  }
}

function toCounted(found: RateLimiterRes | null): Counted {
  if (found === null || found.msBeforeNext <= 0) return { points: 0, endsInMs: 0 };
  return { points: found.consumedPoints, endsInMs: found.msBeforeNext };
}
