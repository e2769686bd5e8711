import type { AppendEvent, Appended, History } from '@nestwire/realtime';
import type { ByteBudget } from './byte-budget.js';

/** Most events of one script call, and most characters of their data; a single call to {@link Appender.add} may be larger. */
const MAX_BATCH = 200;
const MAX_BATCH_LENGTH = 1024 * 1024;

interface Waiting {
  readonly events: readonly AppendEvent[];
  readonly history: History;
  readonly length: number;
  readonly resolve: (appended: Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

export type AppendBatch = (
  channel: string,
  events: readonly AppendEvent[],
  history: History,
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
  ) {}

  /** @throws RealtimeError `unavailable` where too much is waiting already. */
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
      const waiting = { events, history, length, resolve, reject };
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
    while (queue.length > 0) await this.send(channel, takeBatch(queue));
    this.channels.delete(channel);
  }

  private async send(channel: string, batch: readonly Waiting[]): Promise<void> {
    const events = batch.length === 1 ? batch[0]!.events : batch.flatMap((waiting) => waiting.events);
    try {
      const appended = await this.append(channel, events, batch.at(-1)!.history);
      let from = 0;
      for (const waiting of batch) waiting.resolve(appended.slice(from, (from += waiting.events.length)));
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    }
  }
}

function takeBatch(queue: Waiting[]): Waiting[] {
  let [count, events, length] = [0, 0, 0];
  for (const waiting of queue) {
    events += waiting.events.length;
    length += waiting.length;
    if (count > 0 && (events > MAX_BATCH || length > MAX_BATCH_LENGTH)) break;
    count += 1;
  }
  return queue.splice(0, count);
}
