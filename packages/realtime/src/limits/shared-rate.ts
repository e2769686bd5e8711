import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import type { LimitStore } from '../backend/limit-store.js';
import { RATE_WINDOW_MS } from './limit.options.js';
import { atMost } from '../at-most.js';

/** How often nodes tell each other what they have counted, in milliseconds. */
const SHARE_INTERVAL_MS = 250;
/** Who uses less than this part of a limit on one node is not spoken of: most clients never are. */
const WORTH_SHARING = 0.25;
/** Keys that are remembered as over the limit, and as not told yet; the oldest go first. */
const MAX_KEYS = 100_000;

/**
 * A rate that all nodes count together, without a round trip that anybody waits for. Each node counts what it sees and decides at
 * once; what a busy key has used is told to the others in the background, and one that is over the limit with them is refused here
 * from then on. Without the store each node holds its clients to the limit alone.
 */
export class SharedRate {
  private readonly local: RateLimiterMemory;
  private readonly untold = new LRUCache<string, number>({ ...atMost(MAX_KEYS), ttl: RATE_WINDOW_MS });
  /** Over the limit together with other nodes, until they run out. */
  private readonly blocked = new LRUCache<string, true>({ ...atMost(MAX_KEYS), ttl: RATE_WINDOW_MS });
  private timer: NodeJS.Timeout | undefined;
  private readonly points: number;

  /** `name` keeps the keys of different rates apart in the store. */
  constructor(
    private readonly name: string,
    perSecond: number,
    private readonly store: LimitStore,
  ) {
    this.points = (perSecond * RATE_WINDOW_MS) / 1_000;
    this.local = new RateLimiterMemory({ points: this.points, duration: RATE_WINDOW_MS / 1_000 });
  }

  /** Counts; resolves with 0, or where the key is over the limit with how long until it is not, in milliseconds. */
  async spend(key: string, points = 1): Promise<number> {
    if (this.blocked.has(key)) return Math.max(1, this.blocked.getRemainingTTL(key));
    const { consumedPoints, msBeforeNext } = await consume(this.local, key, points);
    if (consumedPoints > this.points) return Math.max(1, msBeforeNext);
    this.note(key, points, consumedPoints);
    return 0;
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private note(key: string, points: number, consumed: number): void {
    this.untold.set(key, (this.untold.get(key) ?? 0) + points, { noUpdateTTL: true });
    if (consumed < this.points * WORTH_SHARING) return;
    this.timer ??= setTimeout(() => void this.share(), SHARE_INTERVAL_MS).unref();
  }

  private async share(): Promise<void> {
    const due = [...this.untold.entries()].filter(
      ([key, points]) => points >= 1 && this.isWorthSharing(key, points),
    );
    for (const [key] of due) this.untold.delete(key);
    await Promise.allSettled(due.map(([key, points]) => this.tell(key, points)));
    this.timer = undefined;
  }

  /** One that was told of is told of again with however little: the others have it on their lists. */
  private isWorthSharing(key: string, points: number): boolean {
    return points >= this.points * WORTH_SHARING || this.told.has(key);
  }

  private readonly told = new LRUCache<string, true>({ ...atMost(MAX_KEYS), ttl: RATE_WINDOW_MS });

  private async tell(key: string, points: number): Promise<void> {
    this.told.set(key, true);
    const counted = await this.store.count(`${this.name}:${key}`, points, RATE_WINDOW_MS);
    if (counted.points >= this.points) this.blocked.set(key, true, { ttl: Math.max(1, counted.endsInMs) });
  }
}

/** What is over the limit is an answer, not an error. */
export async function consume(
  limiter: RateLimiterMemory,
  key: string,
  points: number,
): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key, points);
  } catch (over) {
    return over as RateLimiterRes;
  }
}
