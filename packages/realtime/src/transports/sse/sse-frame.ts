/** Text up to so many bytes is copied for a connection with a cursor of its own: one write of one buffer costs less than one of two. */
const MAX_COPY_BYTES = 4 * 1024;

/** What one tick brings to all who receive the same: text that ends in the open block of the cursor. */
export class SseFrame {
  private readonly body: Buffer;
  /** With the cursor of whoever came first: those who follow the same channels, and no other, share it too. */
  private shared: { readonly cursor: string; readonly buffers: readonly Buffer[] } | undefined;

  constructor(text: string) {
    this.body = Buffer.from(text);
  }

  /** The buffers to write, in order, for a connection with this cursor. */
  endedBy(cursor: string): readonly Buffer[] {
    this.shared ??= { cursor, buffers: [this.joined(cursor)] };
    if (this.shared.cursor === cursor) return this.shared.buffers;
    return this.body.length <= MAX_COPY_BYTES
      ? [this.joined(cursor)]
      : [this.body, Buffer.from(cursorLine(cursor), 'latin1')];
  }

  private joined(cursor: string): Buffer {
    const line = cursorLine(cursor);
    const bytes = Buffer.allocUnsafe(this.body.length + line.length);
    this.body.copy(bytes);
    bytes.write(line, this.body.length, 'latin1');
    return bytes;
  }
}

/** Finishes the open block of the cursor. */
export function cursorLine(cursor: string): string {
  return `id: ${cursor}\n\n`;
}
