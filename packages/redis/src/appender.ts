import { RealtimeError } from '@nestwire/protocol';
import type { AppendEvent, Appended, History } from '@nestwire/realtime';

/** Most events of one script call. */
const MAX_BATCH = 200;

interface Waiting {
  readonly events: readonly AppendEvent[];
  readonly history: History;
  readonly bytes: number;
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
  private waitingBytes = 0;

  constructor(
    private readonly append: AppendBatch,
    private readonly maxWaitingBytes: number,
  ) {}

  /** @throws RealtimeError `unavailable` where too much is waiting already. */
  add(channel: string, events: readonly AppendEvent[], history: History): Promise<Appended[]> {
    const bytes = events.reduce((sum, { data }) => sum + data.length, 0);
    if (this.waitingBytes + bytes > this.maxWaitingBytes && this.waitingBytes > 0) {
      return Promise.reject(new RealtimeError('unavailable', 'too many events are waiting for Redis'));
    }
    this.waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      const waiting = { events, history, bytes, resolve, reject };
      const queue = this.channels.get(channel);
      if (queue === undefined) {
        this.channels.set(channel, [waiting]);
        queueMicrotask(() => void this.drain(channel));
      } else {
        queue.push(waiting);
      }
    });
  }

  private async drain(channel: string): Promise<void> {
    const queue = this.channels.get(channel)!;
    while (queue.length > 0) await this.send(channel, takeBatch(queue));
    this.channels.delete(channel);
  }

  private async send(channel: string, batch: readonly Waiting[]): Promise<void> {
    const events = batch.flatMap((waiting) => waiting.events);
    try {
      const appended = await this.append(channel, events, batch.at(-1)!.history);
      let from = 0;
      for (const waiting of batch) waiting.resolve(appended.slice(from, (from += waiting.events.length)));
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    } finally {
      for (const { bytes } of batch) this.waitingBytes -= bytes;
    }
  }
}

function takeBatch(queue: Waiting[]): Waiting[] {
  let events = 0;
  let count = 0;
  while (count < queue.length && (count === 0 || events + queue[count]!.events.length <= MAX_BATCH))
    events += queue[count++]!.events.length;
  return queue.splice(0, count);
}
