const NEEDLE = Buffer.from('"at":');
const SEQ = '"seq":'.length;
/** Longest text from the needle to the end of a message. */
const MAX_LENGTH = 64;
const ZERO = 48;
const NINE = 57;

export type OnMessage = (seq: number, at: number) => void;

/** Finds the messages in a stream of bytes, whatever they are wrapped in; a message counts when its last byte is there. */
export class MessageScanner {
  private rest: Buffer | undefined;

  constructor(private readonly onMessage: OnMessage) {}

  scan(chunk: Buffer): void {
    const bytes = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    let from = 0;
    for (;;) {
      const found = bytes.indexOf(NEEDLE, from);
      const end = found < 0 ? -1 : this.read(bytes, found + NEEDLE.length);
      if (end < 0)
        return this.keep(bytes, found < 0 ? Math.max(from, bytes.length - NEEDLE.length + 1) : found);
      from = end;
    }
  }

  /** Reads `AT,"seq":SEQ}`; -1 where the end is not there yet. */
  private read(bytes: Buffer, start: number): number {
    let [at, seq, i] = [0, 0, start];
    for (; isDigit(bytes[i]); i += 1) at = at * 10 + bytes[i]! - ZERO;
    for (i += 1 + SEQ; isDigit(bytes[i]); i += 1) seq = seq * 10 + bytes[i]! - ZERO;
    if (i >= bytes.length) return -1;
    this.onMessage(seq, at);
    return i;
  }

  /** The chunk's memory is used again for the next. */
  private keep(bytes: Buffer, from: number): void {
    const length = bytes.length - from;
    if (length > MAX_LENGTH) throw new Error('what was received is not one of our messages');
    this.rest = length === 0 ? undefined : Buffer.from(bytes.subarray(from));
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
