import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { Audience } from './audience.js';

export interface RunResult {
  readonly messages: number;
  readonly deliveries: number;
  readonly bytes: number;
  readonly seconds: number;
  /** From `publish` to a client having read it, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Nothing moves for so long: something is lost. */
const STALL_MS = 20_000;
const STEPS_PER_SECOND = 50;
/** Nothing comes for so long: nothing more will. Longer than a node waits to look for what it has missed. */
const QUIET_MS = 5_000;

/** Has a server publish, and waits until everybody has got everything. */
export class Drive {
  /** So many were asked for. */
  published = 0;

  private constructor(
    private readonly audience: Audience,
    private readonly control: Socket,
  ) {}

  static async connect(audience: Audience, port: number): Promise<Drive> {
    const control = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(control, 'connect');
    return new Drive(audience, control);
  }

  /** Keeps so many messages under way for a while: the next is published when an earlier one has reached everybody. */
  keepUnderWay(window: number, durationMs: number): Promise<RunResult> {
    return this.measure((end) => {
      if (performance.now() < end) this.publishUpTo(this.audience.completed + window);
    }, durationMs);
  }

  /** Publishes at a fixed rate, whoever has got what. */
  async atRate(perSecond: number, durationMs: number): Promise<RunResult> {
    const timer = setInterval(() => this.publishUpTo(this.published + 1), 1_000 / perSecond);
    void setTimeout(durationMs).then(() => clearInterval(timer));
    return this.measure(() => {}, durationMs);
  }

  /** Publishes so many, at a rate; resolves when all but the first `stalled` clients have them. */
  async publishPast(stalled: number, count: number, perSecond: number): Promise<void> {
    const { audience } = this;
    const last = this.published + count;
    const timer = setInterval(
      () => this.publishUpTo(Math.min(last, this.published + perSecond / STEPS_PER_SECOND)),
      1_000 / STEPS_PER_SECOND,
    );
    const deadline = performance.now() + (count / perSecond) * 1_000 + STALL_MS;
    while (audience.received.slice(stalled).some((received) => received < last)) {
      if (performance.now() > deadline) throw new Error('clients that read do not get everything');
      await setTimeout(20);
    }
    clearInterval(timer);
  }

  /**
   * Publishes at a fixed rate, and says how much each client has not got when nothing has come for a while; `unaware` is that of clients who
   * were not told of a hole.
   */
  async countLost(
    perSecond: number,
    durationMs: number,
  ): Promise<{ published: number; lost: number[]; unaware: number[] }> {
    const { audience } = this;
    const first = this.published;
    const before = [...audience.received];
    const timer = setInterval(() => this.publishUpTo(this.published + 1), 1_000 / perSecond);
    await setTimeout(durationMs);
    clearInterval(timer);
    await this.quiet();
    const published = this.published - first;
    const lost = audience.received.map((count, index) => published - count + before[index]!);
    return { published, lost, unaware: lost.map((count, index) => (audience.told.has(index) ? 0 : count)) };
  }

  private async quiet(): Promise<void> {
    const { audience } = this;
    let [deliveries, since] = [audience.deliveries, performance.now()];
    while (audience.completed < this.published && performance.now() - since < QUIET_MS) {
      await setTimeout(50);
      if (audience.deliveries !== deliveries) [deliveries, since] = [audience.deliveries, performance.now()];
    }
  }

  publishUpTo(end: number): void {
    if (end <= this.published) return;
    this.published = end;
    this.control.write(`${end}\n`);
  }

  /** Resolves when everybody has got what was published. */
  completed(): Promise<void> {
    return this.until(() => this.audience.completed >= this.published);
  }

  close(): void {
    this.control.destroy();
  }

  private async measure(step: (end: number) => void, durationMs: number): Promise<RunResult> {
    const { audience } = this;
    audience.latency = createHistogram();
    const before = { messages: this.published, deliveries: audience.deliveries, bytes: audience.bytes };
    const start = performance.now();
    const end = start + durationMs;
    step(end);
    await this.until(() => {
      step(end);
      return performance.now() >= end && audience.completed >= this.published;
    });
    return {
      messages: this.published - before.messages,
      deliveries: audience.deliveries - before.deliveries,
      bytes: audience.bytes - before.bytes,
      seconds: (performance.now() - start) / 1_000,
      p50Ms: audience.latency.percentile(50) / 1_000,
      p99Ms: audience.latency.percentile(99) / 1_000,
    };
  }

  /** @throws Error where a client misses something, gets it twice or is cut off, or nothing moves any more. */
  private until(isDone: () => boolean): Promise<void> {
    const { audience } = this;
    return new Promise((resolve, reject) => {
      let moved = performance.now();
      const finish = (error?: Error) => {
        clearInterval(timer);
        audience.onProgress = () => {};
        audience.onEnd = () => {};
        if (error === undefined) resolve();
        else reject(error);
      };
      const check = (): void => {
        if (audience.doubled + audience.missing > 0)
          return finish(new Error(`${audience.missing} missing, ${audience.doubled} doubled`));
        if (isDone()) return finish();
        if (performance.now() - moved > STALL_MS)
          finish(new Error(`stalled at ${audience.completed} of ${this.published} messages`));
      };
      const timer = setInterval(check, 50);
      audience.onProgress = () => {
        moved = performance.now();
        check();
      };
      audience.onEnd = (index) => finish(new Error(`client ${index} was cut off`));
      check();
    });
  }
}
