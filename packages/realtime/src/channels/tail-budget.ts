import type { Tail } from './tail.js';

/** Keeps the tails of all channels of a node within their bytes: the least recently used go first. */
export class TailBudget {
  /** In order of use, the least recent first. */
  private readonly tails = new Map<Tail, number>();
  /** What they take now. */
  bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Notes that the tail was used or has grown, and makes room. */
  touch(tail: Tail): void {
    this.forget(tail);
    this.tails.set(tail, tail.bytes);
    this.bytes += tail.bytes;
    while (this.bytes > this.maxBytes) this.evict();
  }

  forget(tail: Tail): void {
    this.bytes -= this.tails.get(tail) ?? 0;
    this.tails.delete(tail);
  }

  private evict(): void {
    const [tail] = this.tails.keys();
    tail!.evict();
    this.forget(tail!);
  }
}
