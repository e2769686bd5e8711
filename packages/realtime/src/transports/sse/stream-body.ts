import type { Socket } from 'node:net';
import type { ServerResponse } from 'node:http';

/**
 * The body of a response that is streamed. Where HTTP puts no frame around what is written and holds nothing back, it goes to the socket
 * itself: Node's own way corks and uncorks the socket for each write, which costs half as much as the write.
 */
export class StreamBody {
  private direct: Socket | undefined;

  constructor(private readonly response: ServerResponse) {}

  /** Bytes that have not left this process. */
  get queuedBytes(): number {
    return (this.direct ?? this.response).writableLength;
  }

  write(buffers: readonly Buffer[]): void {
    const target = this.target();
    if (buffers.length === 1) return void target.write(buffers[0]!);
    this.response.socket?.cork();
    for (const buffer of buffers) target.write(buffer);
    this.response.socket?.uncork();
  }

  writeText(text: string): void {
    this.response.write(text);
  }

  /** Calls once, when everything has left. */
  onDrain(listener: () => void): void {
    const { response } = this;
    (response.socket ?? response).once('drain', listener);
  }

  /** A response that waits its turn on a connection has no socket yet; HTTP/2 has frames of its own, and does not know of chunks. */
  private target(): Socket | ServerResponse {
    this.direct ??= this.unframed();
    return this.direct ?? this.response;
  }

  private unframed(): Socket | undefined {
    const { response } = this;
    const isFramed = !('chunkedEncoding' in response) || response.chunkedEncoding;
    return response.headersSent && !isFramed ? (response.socket ?? undefined) : undefined;
  }
}
