import { RealtimeError } from '@nestwire/protocol';

/** What something that waits takes besides its data. */
const OVERHEAD_BYTES = 256;

/** Bounds what waits for Redis on this node. */
export class ByteBudget {
  private held = 0;

  constructor(private readonly maxBytes: number) {}

  /**
   * Holds the bytes until what is returned is called. One that is too large by itself passes where nothing else waits.
   * @throws RealtimeError `unavailable` where too much is waiting already.
   */
  hold(bytes: number): () => void {
    const all = bytes + OVERHEAD_BYTES;
    if (this.held > 0 && this.held + all > this.maxBytes)
      throw new RealtimeError('unavailable', 'too much is waiting for Redis');
    this.held += all;
    return () => {
      this.held -= all;
    };
  }
}
