import type { ResolvedOptions } from '../../realtime.options.js';
import type { SseStream } from './sse-stream.js';

/** A stream's end is spread over so much of `maxStreamMs`, so that streams of one moment do not come back in one. */
const END_JITTER = 0.1;
/** Streams are looked at so often, in milliseconds; more often where their times are short. */
const MAX_STEP_MS = 1_000;
/** So many looks at least to a sign of life, and to the part of its life over which a stream's end is spread. */
const STEPS = 10;

/**
 * Has every stream show that it lives each `keepAliveMs`, and ends it before `maxStreamMs` is over. One timer for all: two for each would
 * take a third of a kilobyte from each that is idle.
 */
export class StreamClock {
  private readonly streams = new Set<SseStream>();
  private readonly stepMs: number;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly sse: ResolvedOptions['sse']) {
    const spreadMs = sse.maxStreamMs * END_JITTER;
    this.stepMs = Math.max(1, Math.min(MAX_STEP_MS, sse.keepAliveMs / STEPS, spreadMs / STEPS));
  }

  /** From now on, until its client goes. */
  add(stream: SseStream): void {
    const { keepAliveMs, maxStreamMs } = this.sse;
    const time = now();
    stream.keepAliveAt = time + keepAliveMs;
    stream.endsAt = time + Math.round(maxStreamMs * (1 - Math.random() * END_JITTER));
    this.streams.add(stream);
    this.timer ??= setInterval(() => this.look(), this.stepMs).unref();
  }

  private look(): void {
    const time = now();
    for (const stream of this.streams) {
      if (stream.gone) this.streams.delete(stream);
      else if (stream.endsAt < time + this.stepMs) this.finish(stream);
      else if (stream.keepAliveAt <= time) this.keepAlive(stream, time);
    }
    if (this.streams.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private finish(stream: SseStream): void {
    this.streams.delete(stream);
    stream.connection?.close('stream_expired');
  }

  private keepAlive(stream: SseStream, time: number): void {
    stream.keepAliveAt = time + this.sse.keepAliveMs;
    stream.outlet?.keepAlive();
  }
}

/** A small whole number, which takes no memory of its own. */
function now(): number {
  return Math.round(performance.now());
}
