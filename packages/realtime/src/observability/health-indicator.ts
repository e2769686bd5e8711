import { Inject, Injectable } from '@nestjs/common';
import { Drain } from '../channels/drain.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_OPTIONS } from '../realtime.tokens.js';
import { BackendWatch } from './backend-watch.js';

/** How this node is. A type, not an interface: Terminus wants it to have any key. */
export type RealtimeHealth = {
  readonly status: 'up' | 'down';
  /** Name of the backend: `memory`, `redis`. */
  readonly backend: string;
  /** How long the backend cannot be reached, in milliseconds; 0 where it can. */
  readonly unavailableMs: number;
  /** True where the node shuts down and lets nobody in. */
  readonly draining: boolean;
};

/**
 * Says whether this node can work. With `@nestjs/terminus`: `health.check([() => realtime.isReady('realtime')])`; without it,
 * {@link check} answers the same.
 */
@Injectable()
export class RealtimeHealthIndicator {
  constructor(
    private readonly backend: BackendWatch,
    private readonly drain: Drain,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /** For a readiness probe: down as soon as the backend is away, or the node shuts down, and up as soon as it can work. */
  isReady<Key extends string = 'realtime'>(key: Key = 'realtime' as Key): Record<Key, RealtimeHealth> {
    return under(key, this.check('readiness'));
  }

  /**
   * For a liveness probe, which ends in a restart: down only when the backend has been away for `health.livenessAfterMs`. A restart
   * heals no backend, cuts every client, and helps only where the fault is in this process.
   */
  isLive<Key extends string = 'realtime'>(key: Key = 'realtime' as Key): Record<Key, RealtimeHealth> {
    return under(key, this.check('liveness'));
  }

  /** The plain result. */
  check(probe: 'readiness' | 'liveness' = 'readiness'): RealtimeHealth {
    const isUp = probe === 'readiness' ? this.isWorking() : this.isAlive();
    return {
      status: isUp ? 'up' : 'down',
      backend: this.backend.backendName,
      unavailableMs: Math.round(this.backend.awayMs),
      draining: this.drain.isDraining,
    };
  }

  private isWorking(): boolean {
    return this.backend.isAvailable && !this.drain.isDraining;
  }

  private isAlive(): boolean {
    const { livenessAfterMs } = this.options.health;
    return livenessAfterMs === false || this.backend.awayMs < livenessAfterMs;
  }
}

function under<Key extends string>(key: Key, health: RealtimeHealth): Record<Key, RealtimeHealth> {
  return { [key]: health } as Record<Key, RealtimeHealth>;
}
