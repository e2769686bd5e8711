import { Injectable } from '@nestjs/common';
import {
  CLOSE_CODES,
  type CloseCode,
  ERROR_CODES,
  type ErrorCode,
  type GapReason,
  RealtimeError,
} from '@nestwire/protocol';
import { Histogram } from 'prom-client';

export type Transport = 'socket.io' | 'sse';

/** Seconds; a tick is well under a millisecond, an outage that was healed takes seconds. */
const DELIVERY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * What happens on this node, counted where it happens in plain numbers, which cost next to nothing; they become metrics when somebody
 * asks for these. Each group holds all values that its label may have, so that a series is there before the first event.
 */
@Injectable()
export class Counters {
  readonly opened = perTransport();
  readonly deliveries = perTransport();
  readonly publishes = { stored: 0, duplicate: 0, unavailable: 0, failed: 0 };
  readonly commits = { stored: 0, unchanged: 0, conflict: 0, too_large: 0, unavailable: 0, failed: 0 };
  readonly replays = { tail: 0, log: 0, refused: 0 };
  readonly gapsTold: Record<GapReason, number> = { expired: 0, epoch: 0, unreadable: 0 };
  readonly slowConsumersClosed = { slow_consumer: 0, delivery_timeout: 0 };
  readonly closes = zeros(CLOSE_CODES);
  readonly commands: Record<'ok' | ErrorCode, number> = { ok: 0, ...zeros(ERROR_CODES) };
  /** Sessions that were used by somebody else than whom they are bound to. */
  readonly sessionMismatches = { reject: 0, rotate: 0, warn: 0 };
  readonly resumptions = { resumed: 0, replayed: 0, refused: 0 };
  /** Whoever was refused at the edge: handshakes, streams, subscriptions and requests. */
  readonly refusals: Record<ErrorCode, number> = zeros(ERROR_CODES);
  /** By the limit that refused. */
  readonly limited = {
    attempts: 0,
    connections_per_ip: 0,
    connections_per_session: 0,
    connections_per_user: 0,
    commands: 0,
    publishes: 0,
    subscriptions: 0,
    errors: 0,
    penalty: 0,
    handshakes: 0,
    heads: 0,
    bodies: 0,
  };
  readonly penalties = { overruns: 0, failing: 0 };
  crossSiteRefused = 0;
  gapsHealed = 0;

  /** The one that is no plain number. */
  readonly deliverySeconds = new Histogram({
    name: 'nestwire_publish_delivery_seconds',
    help: 'From the publication of an event, by the clock of the backend, to the write to its listeners. The oldest of each channel and tick.',
    buckets: DELIVERY_BUCKETS,
    registers: [],
  });

  /** An event that was published at that time, in milliseconds since 1970, is handed to its listeners now. */
  delivered(publishedAt: number): void {
    // The clocks of two machines never quite agree.
    this.deliverySeconds.observe(Math.max(0, Date.now() - publishedAt) / 1_000);
  }

  /** So many events were handed to so many listeners of one audience. */
  addressed(listeners: Readonly<Record<Transport, number>>, events: number): void {
    this.deliveries['socket.io'] += listeners['socket.io'] * events;
    this.deliveries.sse += listeners.sse * events;
  }

  /** Events were appended to a log. */
  published(appended: readonly { readonly duplicate: boolean }[]): void {
    for (const { duplicate } of appended) this.publishes[duplicate ? 'duplicate' : 'stored'] += 1;
  }

  /** So many events were not, or perhaps not, appended. */
  notPublished(error: unknown, count: number): void {
    this.publishes[failureOf(error)] += count;
  }

  /** A commit to a document has failed, other than by a conflict. */
  notCommitted(error: unknown): void {
    const isTooLarge = error instanceof RealtimeError && error.code === 'too_large';
    this.commits[isTooLarge ? 'too_large' : failureOf(error)] += 1;
  }

  /** A connection was closed, which is counted once more where the client was too slow. */
  closed(code: CloseCode): void {
    this.closes[code] += 1;
    if (code === 'slow_consumer' || code === 'delivery_timeout') this.slowConsumersClosed[code] += 1;
  }
}

function failureOf(error: unknown): 'unavailable' | 'failed' {
  return error instanceof RealtimeError && error.code === 'unavailable' ? 'unavailable' : 'failed';
}

function perTransport(): Record<Transport, number> {
  return { 'socket.io': 0, sse: 0 };
}

function zeros<Name extends string>(names: Readonly<Record<Name, unknown>>): Record<Name, number> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, 0])) as Record<Name, number>;
}
