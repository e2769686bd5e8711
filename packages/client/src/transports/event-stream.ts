import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface EventStreamListener {
  onMessage(message: EventSourceMessage): void;
  /** `retry:`, in milliseconds. */
  onRetry(retryMs: number): void;
  /** Bytes came, be they a comment. */
  onBytes(): void;
}

/** Longest event that is read, in characters: the server bounds one at 256 KB, and a write at 1 MB. Beyond it the stream is given up. */
const MAX_BUFFER = 16 * 1024 * 1024;

/**
 * Reads a stream of Server-Sent Events to its end. An event that the stream ends within is none.
 * @throws Error where it breaks, or an event is too long.
 */
export async function readEventStream(
  body: ReadableStream<Uint8Array>,
  listener: EventStreamListener,
): Promise<void> {
  const parser = createParser({
    onEvent: (message) => listener.onMessage(message),
    onRetry: (retryMs) => listener.onRetry(retryMs),
    maxBufferSize: MAX_BUFFER,
  });
  // It drops a byte order mark, and keeps characters together that come in pieces.
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    listener.onBytes();
    parser.feed(decoder.decode(value, { stream: true }));
  }
}

/** True for an answer that `EventSource` would read. */
export function isEventStream(response: Response): boolean {
  const type = response.headers.get('content-type') ?? '';
  return response.status === 200 && /^text\/event-stream\s*(;|$)/i.test(type.trim());
}
