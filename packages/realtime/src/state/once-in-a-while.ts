import { LRUCache } from 'lru-cache';
import { atMost } from '../at-most.js';

const MAX_KEYS = 100_000;

/** Does something for a key at most once in a while; whoever comes meanwhile shares what was done, or waits for it. */
export class OnceInAWhile {
  private readonly done = new LRUCache<string, { result: Promise<void>; at: number }>({
    ...atMost(MAX_KEYS),
  });

  /** Rejects as `work` does; then the next who comes tries again. */
  do(key: string, everyMs: number, work: () => Promise<void>): Promise<void> {
    const last = this.done.get(key);
    if (last !== undefined && performance.now() - last.at < everyMs) return last.result;
    const result = work();
    this.done.set(key, { result, at: performance.now() });
    result.catch(() => this.done.delete(key));
    return result;
  }
}
