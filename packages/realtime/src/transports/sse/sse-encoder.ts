import type { Encoder } from '../../channels/batch.js';
import type { Chunk } from '../../channels/chunk.js';
import { envelopeText } from '../envelope-text.js';
import { SseFrame } from './sse-frame.js';

/**
 * Opens the block that ends every write. The connection's own `id:` line and an empty line finish it,
 * so that all before it is one buffer for all who receive the same.
 * An id without data is lost by some clients (the `eventsource` package), so it has data.
 */
export const CURSOR_BLOCK = 'event: realtime.cursor\ndata: {}\n';

/** Chunks as the text of SSE events, without ids, up to the open block of the cursor. */
export class SseEncoder implements Encoder<SseFrame> {
  encode(chunks: readonly Chunk[]): SseFrame {
    return new SseFrame(chunks.map((chunk) => this.textOf(chunk)).join('') + CURSOR_BLOCK);
  }

  private textOf(chunk: Chunk): string {
    let text = chunk.encoded.get(this);
    if (text === undefined) {
      text = chunk.entries
        .map((entry) => sseEvent(entry.event, envelopeText(chunk, entry, { named: false })))
        .join('');
      chunk.encoded.set(this, text);
    }
    return text;
  }
}

/** One event; the data is JSON text, which has no line breaks. */
export function sseEvent(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
