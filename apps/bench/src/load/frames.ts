/** Walks over the frames of a WebSocket server (unmasked, RFC 6455 section 5.2) and looks for Engine.IO's pings. */
export class FrameReader {
  frames = 0;
  private head: number[] = [];
  private left = 0;
  private length = 0;

  /** `onPing` is called for each text frame that is `2`. */
  constructor(private readonly onPing: () => void) {}

  read(chunk: Buffer): void {
    let i = 0;
    while (i < chunk.length) {
      if (this.left > 0) i += this.skip(chunk, i);
      else this.readHead(chunk[i++]!);
    }
  }

  private skip(chunk: Buffer, from: number): number {
    const count = Math.min(this.left, chunk.length - from);
    if (this.length === 1 && chunk[from] === PING) this.onPing();
    this.left -= count;
    return count;
  }

  private readHead(byte: number): void {
    this.head.push(byte);
    const { head } = this;
    const size = head.length < 2 ? 2 : headSize(head[1]!);
    if (head.length < size) return;
    this.length = size === 2 ? head[1]! : head.slice(2).reduce((length, part) => length * 256 + part, 0);
    this.left = this.length;
    this.frames += 1;
    this.head = [];
  }
}

const PING = '2'.charCodeAt(0);

function headSize(length: number): number {
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}

/** A client's text frame; masked with zeros, which changes nothing. */
export function clientFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const head =
    body.length < 126
      ? [0x81, 0x80 | body.length, 0, 0, 0, 0]
      : [0x81, 0x80 | 126, body.length >> 8, body.length & 0xff, 0, 0, 0, 0];
  return Buffer.concat([Buffer.from(head), body]);
}
