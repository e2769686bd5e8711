import type { Store } from '../observable.js';

/**
 * How good the connection is: the worst of what was measured in the last minute.
 *
 * - `excellent`: round trips of at most 100 ms, jitter of at most 30 ms, no heartbeat missed, no reconnect.
 * - `good`: 300 ms, 100 ms, none missed, one reconnect.
 * - `fair`: 1,000 ms, 300 ms, one missed, two reconnects.
 * - `poor`: anything beyond. `offline`: there is no connection.
 */
export type Quality = 'excellent' | 'good' | 'fair' | 'poor' | 'offline';

/** What is measured, of the last minute. */
export interface Measurements {
  /** Smoothed, in milliseconds; undefined before the first. */
  readonly roundTripMs: number | undefined;
  /** Smoothed difference of one round trip to the next, in milliseconds. */
  readonly jitterMs: number;
  readonly missedHeartbeats: number;
  readonly reconnects: number;
}

/**
 * The most of each for a grade; the worst of the four counts. 100 ms feels immediate, 1 s is where a thought is interrupted (Nielsen);
 * 300 ms there and back is the 150 ms each way that ITU-T G.114 finds good for speech.
 */
const GRADES = [
  { grade: 'excellent', roundTripMs: 100, jitterMs: 30, missedHeartbeats: 0, reconnects: 0 },
  { grade: 'good', roundTripMs: 300, jitterMs: 100, missedHeartbeats: 0, reconnects: 1 },
  { grade: 'fair', roundTripMs: 1_000, jitterMs: 300, missedHeartbeats: 1, reconnects: 2 },
] as const;

const WINDOW_MS = 60_000;
/** The weight of a new round trip is that of TCP (RFC 6298), of a new difference that of RTP (RFC 3550). */
const ROUND_TRIP_WEIGHT = 1 / 8;
const JITTER_WEIGHT = 1 / 16;

/** The grade of an open connection. */
function gradeOf({ roundTripMs = 0, jitterMs, missedHeartbeats, reconnects }: Measurements): Quality {
  const fit = GRADES.find(
    (most) =>
      roundTripMs <= most.roundTripMs &&
      jitterMs <= most.jitterMs &&
      missedHeartbeats <= most.missedHeartbeats &&
      reconnects <= most.reconnects,
  );
  return fit?.grade ?? 'poor';
}

/** Measures a connection, and grades it. */
export class QualityMeter {
  private roundTripMs: number | undefined;
  private lastMs: number | undefined;
  private jitterMs = 0;
  private missed: number[] = [];
  private reconnects: number[] = [];
  private isOnline = false;
  private hasBeenOnline = false;

  constructor(
    private readonly quality: Store<Quality>,
    /** Not the time of day, which may be set. */
    private readonly now: () => number = () => performance.now(),
  ) {}

  get measurements(): Measurements {
    const { roundTripMs, jitterMs } = this;
    this.missed = this.recent(this.missed);
    this.reconnects = this.recent(this.reconnects);
    return {
      roundTripMs,
      jitterMs,
      missedHeartbeats: this.missed.length,
      reconnects: this.reconnects.length,
    };
  }

  /** Another connection may go another way: its times are measured anew. */
  connected(): void {
    if (this.hasBeenOnline && !this.isOnline) this.reconnects.push(this.now());
    this.isOnline = this.hasBeenOnline = true;
    this.roundTripMs = this.lastMs = undefined;
    this.jitterMs = 0;
    this.grade();
  }

  lost(): void {
    this.isOnline = false;
    this.grade();
  }

  answered(ms: number): void {
    this.roundTripMs = this.roundTripMs === undefined ? ms : smooth(this.roundTripMs, ms, ROUND_TRIP_WEIGHT);
    if (this.lastMs !== undefined)
      this.jitterMs = smooth(this.jitterMs, Math.abs(ms - this.lastMs), JITTER_WEIGHT);
    this.lastMs = ms;
    this.grade();
  }

  missedOne(): void {
    this.missed.push(this.now());
    this.grade();
  }

  private grade(): void {
    this.quality.set(this.isOnline ? gradeOf(this.measurements) : 'offline');
  }

  private recent(times: number[]): number[] {
    return times.filter((time) => time > this.now() - WINDOW_MS);
  }
}

function smooth(before: number, value: number, weight: number): number {
  return before + (value - before) * weight;
}
