/** Where a stream starts: after this offset, of this epoch where that is known. */
export interface StreamStart {
  readonly offset: number;
  readonly epoch?: string;
}

/** One event as a client received it. */
export interface Receipt {
  readonly offset: number;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** What a client received of a channel without being told of a hole. */
export interface Stretch {
  /** Everything after it is due; undefined: after whatever comes first. */
  readonly start: StreamStart | undefined;
  readonly receipts: Receipt[];
  /** True where everything up to the log's end is due; false where the client left, or was told of a hole. */
  open: boolean;
}

/** One channel as one client saw it. Judges the order as it goes. */
export class ClientStream {
  readonly stretches: Stretch[] = [];
  readonly problems: string[] = [];
  private last: number | undefined;
  private readonly seen = new Set<number>();

  constructor(private readonly label: string) {}

  /** Begins at the log's end. Offsets rise over it all the same. */
  beginLive(start: StreamStart | undefined): void {
    this.begin(start);
    if (start !== undefined) this.last = Math.max(start.offset, this.last ?? start.offset);
  }

  /** Begins after a hole that the client was told of: only here may offsets fall. */
  beginAfterHole(start: StreamStart | undefined): void {
    this.begin(start);
    this.seen.clear();
    this.last = start?.offset;
  }

  /** Goes on where it was. With `mayRepeat` what comes next may have been received before. */
  resume(start: StreamStart | undefined, mayRepeat: boolean): void {
    const stretch = this.stretches.at(-1);
    if (stretch === undefined) return this.beginLive(start);
    // It came back with what it had kept of an epoch that it had left, to a node that knew no better yet.
    const [before, now] = [stretch.start?.epoch, start?.epoch];
    if (before !== undefined && now !== undefined && before !== now) return this.beginAfterHole(start);
    stretch.open = true;
    if (!mayRepeat) return;
    this.seen.clear();
    this.last = start?.offset;
  }

  leave(): void {
    const stretch = this.stretches.at(-1);
    if (stretch !== undefined) stretch.open = false;
  }

  receive(receipt: Receipt): void {
    const { offset, id } = receipt;
    if (this.seen.has(offset)) {
      this.problems.push(`${this.label} received offset ${offset} (${id}) twice`);
    } else if (this.last !== undefined && offset <= this.last) {
      this.problems.push(
        `${this.label} received offset ${offset} (${id}) after ${this.last}, without having been told of a hole`,
      );
    }
    this.seen.add(offset);
    this.last = Math.max(offset, this.last ?? offset);
    if (this.stretches.length === 0) this.begin(undefined);
    this.stretches.at(-1)!.receipts.push(receipt);
  }

  private begin(start: StreamStart | undefined): void {
    this.leave();
    this.stretches.push({ start, receipts: [], open: true });
  }
}
