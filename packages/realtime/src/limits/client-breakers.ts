import { Inject, Injectable } from '@nestjs/common';
import {
  CircuitState,
  circuitBreaker,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  handleAll,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { Counters } from '../observability/counters.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_OPTIONS } from '../realtime.tokens.js';
import { overLimit } from './over-limit.js';
import { Penalties } from './penalties.js';
import { atMost } from '../at-most.js';

/** Clients that have failed of late; the oldest go first. */
const MAX_CLIENTS = 10_000;
const REMEMBERED_MS = 10 * 60_000;
/** A connection on trial that has lived for so many delivery time-outs has passed. */
const TRIAL_TIMEOUTS = 3;

/** Says how a connection has gone. Any number of times; the first counts. */
export type Settle = (isGood: boolean) => void;

/**
 * A circuit breaker for each client that fails: after so many failed connections in a row it is kept away, then one connection is let in
 * on trial, and the others wait for how that goes.
 */
@Injectable()
export class ClientBreakers {
  private readonly breakers = new LRUCache<string, CircuitBreakerPolicy>({
    ...atMost(MAX_CLIENTS),
    ttl: REMEMBERED_MS,
    updateAgeOnGet: true,
  });

  constructor(
    private readonly penalties: Penalties,
    private readonly counters: Counters,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /** @throws RealtimeError `rate_limited` while the client is kept away, or another connection of it is on trial. */
  admit(key: string): Settle {
    const breaker = this.breakers.get(key);
    if (breaker === undefined || breaker.state === CircuitState.Closed)
      return once((isGood) => this.record(key, isGood));
    if (breaker.state === CircuitState.HalfOpen) throw this.onTrial();
    return this.trial(breaker);
  }

  private record(key: string, isGood: boolean): void {
    const breaker = this.breakers.get(key) ?? (isGood ? undefined : this.create(key));
    breaker?.execute(() => outcome(isGood)).catch(() => undefined);
  }

  private create(key: string): CircuitBreakerPolicy {
    const { maxFailedConnections, penaltyMs } = this.options.limits;
    const breaker = circuitBreaker(handleAll, {
      halfOpenAfter: penaltyMs,
      breaker: new ConsecutiveBreaker(maxFailedConnections),
    });
    breaker.onBreak(() => {
      this.counters.penalties.failing += 1;
      this.penalties.impose(key, penaltyMs);
    });
    this.breakers.set(key, breaker);
    return breaker;
  }

  private trial(breaker: CircuitBreakerPolicy): Settle {
    let settle: Settle = () => undefined;
    const verdict = new Promise<boolean>((resolve) => {
      settle = once(resolve);
    });
    let hasBegun = false;
    breaker
      .execute(async () => {
        hasBegun = true;
        await outcome(await verdict);
      })
      .catch(() => undefined);
    if (!hasBegun) throw this.onTrial();
    setTimeout(() => settle(true), TRIAL_TIMEOUTS * this.options.limits.deliveryTimeoutMs).unref();
    return settle;
  }

  private onTrial(): Error {
    return overLimit('your connections have failed again and again', this.options.limits.penaltyMs);
  }
}

async function outcome(isGood: boolean): Promise<void> {
  if (!isGood) throw new Error('the connection has failed');
}

function once(settle: Settle): Settle {
  let isSettled = false;
  return (isGood) => {
    if (!isSettled) settle(isGood);
    isSettled = true;
  };
}
