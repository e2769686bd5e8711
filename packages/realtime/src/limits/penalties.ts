import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Backend } from '../backend/backend.js';
import { REALTIME_BACKEND } from '../realtime.tokens.js';
import { within } from '../within.js';
import { overLimit } from './over-limit.js';
import { atMost } from '../at-most.js';

/** Whoever is kept away; the oldest go first. */
const MAX_KEYS = 100_000;
/** How long the other nodes' word is waited for, in milliseconds. */
const PATIENCE_MS = 1_000;
/** Windows are counted in whole seconds. */
const SECOND_MS = 1_000;

/** Who is kept away for a while, by every node that can reach the backend. */
@Injectable()
export class Penalties {
  private readonly imposed = new LRUCache<string, true>({ ...atMost(MAX_KEYS) });

  constructor(@Inject(REALTIME_BACKEND) private readonly backend: Backend) {}

  impose(key: string, ms: number): void {
    this.imposed.set(key, true, { ttl: ms });
    const rounded = Math.ceil(ms / SECOND_MS) * SECOND_MS;
    // Without the backend it is this node's alone.
    void this.backend.limits.count(nameOf(key), 1, rounded).catch(() => undefined);
  }

  /** @throws RealtimeError `rate_limited` where one of these is kept away. */
  async assertNone(keys: readonly string[]): Promise<void> {
    for (const key of keys)
      if (this.imposed.has(key)) throw keptAway(Math.max(1, this.imposed.getRemainingTTL(key)));
    const remaining = Math.max(0, ...(await Promise.all(keys.map((key) => this.elsewhere(key)))));
    if (remaining > 0) throw keptAway(remaining);
  }

  private async elsewhere(key: string): Promise<number> {
    try {
      const looked = this.backend.limits.counted(nameOf(key));
      const { endsInMs } = await within(PATIENCE_MS, looked, () => new Error('no answer in time'));
      if (endsInMs > 0) this.imposed.set(key, true, { ttl: endsInMs });
      return endsInMs;
    } catch {
      return 0;
    }
  }
}

function nameOf(key: string): string {
  return `penalty:${key}`;
}

function keptAway(retryAfterMs: number): Error {
  return overLimit('you have gone over the limits again and again', retryAfterMs);
}
