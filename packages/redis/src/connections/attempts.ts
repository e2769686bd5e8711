import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf, redirectOf, refused, unavailable } from '../redis-errors.js';
import { asking } from './asking.js';
import type { Shard } from './shard.js';
import type { Shards } from './shards.js';

/** The longest wait between two tries, in milliseconds. */
const MAX_PAUSE_MS = 250;

/** Runs what is to be run on a server: `isRetry` says that it may have run before. */
export type Work<T> = (client: Redis, isRetry: boolean, shard: Shard) => Promise<T>;

/** Runs commands on the server that holds their key, waits while that is away, and tries again where the connection broke. */
export class Attempts {
  private readonly waiting = new Set<() => void>();
  private isStopped = false;

  constructor(
    private readonly shards: Shards,
    private readonly timeoutMs: number,
  ) {}

  /**
   * @throws RealtimeError `unavailable` when the time-out is over, with `details.outcome` `"unknown"` where it may have run;
   * `internal` where the server has refused.
   */
  async run<T>(key: string, work: Work<T>, timeoutMs = this.timeoutMs): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    let mayHaveRun = false;
    let cause: unknown;
    for (let tries = 1; ; tries += 1) {
      const elsewhere = this.redirected(cause);
      const shard = elsewhere ?? this.shards.find(key) ?? (await this.awaited(key, deadline));
      if (shard === undefined || this.isStopped) throw unavailable(mayHaveRun, cause);
      try {
        shard.gather();
        const client = elsewhere === undefined ? shard.client : asking(shard.client);
        return await within(deadline, work(client, mayHaveRun, shard));
      } catch (error) {
        const failure = failureOf(error);
        if (failure === 'final') throw refused(error);
        mayHaveRun ||= failure === 'broken';
        cause = error;
      }
      this.shards.review();
      if (tries > 1 || this.redirected(cause) === undefined) await pause(tries, deadline);
      if (performance.now() >= deadline) throw unavailable(mayHaveRun, cause);
    }
  }

  /** Servers have come or gone: who waits for one looks again. */
  wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const resume of waiting) resume();
  }

  /** Whatever waits fails, and so does whatever comes. */
  stop(): void {
    this.isStopped = true;
    this.wake();
  }

  /** Where a slot is on its way to, and the key has arrived already. */
  private redirected(cause: unknown): Shard | undefined {
    const address = cause === undefined ? undefined : redirectOf(cause);
    const shard = address === undefined ? undefined : this.shards.at(address);
    return shard?.isReady ? shard : undefined;
  }

  private async awaited(key: string, deadline: number): Promise<Shard | undefined> {
    while (!this.isStopped && performance.now() < deadline) {
      await this.change(deadline);
      const shard = this.shards.find(key);
      if (shard !== undefined && performance.now() < deadline) return shard;
    }
    return undefined;
  }

  private change(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        clearTimeout(timer);
        this.waiting.delete(resume);
        resolve();
      };
      const timer = setTimeout(resume, remaining(deadline));
      this.waiting.add(resume);
    });
  }
}

async function pause(tries: number, deadline: number): Promise<void> {
  const longest = Math.min(MAX_PAUSE_MS, 10 * 2 ** Math.min(tries, 10));
  await sleep(Math.min(Math.random() * longest, remaining(deadline)));
}

/** As the work, or rejects at the deadline. */
function within<T>(deadline: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // A process that was busy for so long itself reads first what has arrived meanwhile.
    const giveUp = (): void => reject(new Error('no answer in time'));
    const timer = setTimeout(() => setImmediate(giveUp), remaining(deadline));
    work.then(
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/** Rounded up: a timer that fires a moment before the deadline would find that there is time left. */
function remaining(deadline: number): number {
  return Math.max(0, Math.ceil(deadline - performance.now()));
}
