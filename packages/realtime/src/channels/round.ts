import { Batch } from './batch.js';
import type { Chunk } from './chunk.js';

/** Receives one batch per tick. */
export interface Receiver {
  /** The round's mark on the receiver: what it gets in this tick so far. Owned by {@link Round}. */
  due: Batch | undefined;
  deliver(batch: Batch): void;
}

/** One tick: gathers what each receiver is due, then writes to each once. */
export class Round {
  private readonly root = new Batch([]);
  private readonly receivers: Receiver[] = [];

  /** Adds the chunk to what these receivers are due. */
  add(receivers: readonly { readonly receiver: Receiver }[], chunk: Chunk): void {
    const alone = this.root.with(chunk);
    for (const { receiver } of receivers) {
      if (receiver.due === undefined) {
        this.receivers.push(receiver);
        receiver.due = alone;
      } else {
        receiver.due = receiver.due.with(chunk);
      }
    }
  }

  deliver(): void {
    for (const receiver of this.receivers) {
      const batch = receiver.due!;
      receiver.due = undefined;
      receiver.deliver(batch);
    }
  }
}
