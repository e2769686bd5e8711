import type { AppendEvent, Appended, History } from '@nestwire/realtime';
import type { ByteBudget } from './byte-budget.js';
import { unavailable } from './redis-errors.js';

/** Most events of one script call, and most characters of their data; a single call to {@link Appender.add} may be larger. */
const MAX_BATCH = 200;
const MAX_BATCH_LENGTH = 1024 * 1024;

interface Waiting {
  readonly events: readonly AppendEvent[];
  readonly history: History;
  readonly length: number;
  /** Until when it may wait, by `performance.now()`. */
  readonly deadline: number;
  readonly resolve: (appended: Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

export type AppendBatch = (
  channel: string,
  events: readonly AppendEvent[],
  history: History,
  deadline: number,
) => Promise<Appended[]>;

/**
 * Gathers what a tick appends to one channel into one call, and has one call per channel under way, so that events keep their order
 * whatever has to be tried again. What comes meanwhile goes with the next.
 */
export class Appender {
  private readonly channels = new Map<string, Waiting[]>();

  constructor(
    private readonly append: AppendBatch,
    private readonly budget: ByteBudget,
    private readonly timeoutMs: number,
  ) {}

  /** @throws RealtimeError `unavailable` where too much is waiting already, or when it has waited for long. */
  async add(channel: string, events: readonly AppendEvent[], history: History): Promise<Appended[]> {
    const length = events.reduce((sum, { data }) => sum + data.length, 0);
    const release = this.budget.hold(length);
    try {
      return await this.enqueue(channel, events, history, length);
    } finally {
      release();
    }
  }

  private enqueue(
    channel: string,
    events: readonly AppendEvent[],
    history: History,
    length: number,
  ): Promise<Appended[]> {
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + this.timeoutMs;
      const waiting = { events, history, length, deadline, resolve, reject };
      const queue = this.channels.get(channel);
      if (queue !== undefined) queue.push(waiting);
      else {
        this.channels.set(channel, [waiting]);
        queueMicrotask(() => void this.drain(channel));
      }
    });
  }

  private async drain(channel: string): Promise<void> {
    const queue = this.channels.get(channel)!;
    while (queue.length > 0) {
      await this.send(channel, this.takeBatch(queue));
      this.expire(queue);
    }
    this.channels.delete(channel);
  }

  /** Those whose time is nearly over are not sent: too little of it is left to hear what became of them. */
  private expire(queue: Waiting[]): void {
    const soon = performance.now() + this.timeoutMs / 8;
    while (queue.length > 0 && queue[0]!.deadline < soon) queue.shift()!.reject(unavailable(false));
  }

  private async send(channel: string, batch: readonly Waiting[]): Promise<void> {
    const events = batch.length === 1 ? batch[0]!.events : batch.flatMap((waiting) => waiting.events);
    try {
      const { history } = batch.at(-1)!;
      const appended = await this.append(channel, events, history, batch[0]!.deadline);
      let from = 0;
      for (const waiting of batch) waiting.resolve(appended.slice(from, (from += waiting.events.length)));
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    }
  }

  /** The first of a batch says how long all of it may wait; so those are left for the next that have waited less than half as long. */
  private takeBatch(queue: Waiting[]): Waiting[] {
    const latest = queue[0]!.deadline + this.timeoutMs / 2;
    let [count, events, length] = [0, 0, 0];
    for (const waiting of queue) {
      events += waiting.events.length;
      length += waiting.length;
      const isFull = events > MAX_BATCH || length > MAX_BATCH_LENGTH || waiting.deadline > latest;
      if (count > 0 && isFull) break;
      count += 1;
    }
    return queue.splice(0, count);
  }
}
