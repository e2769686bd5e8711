import type { Socket } from 'node:net';

/**
 * Leaves what is still to come on a connection to the process that it is sent to. Node reads on until that process has said that it has
 * it, and what came in between would be lost; a `pause()` does not keep it from that.
 */
export function stopReading(socket: Socket): void {
  const { _handle: handle } = socket as unknown as { _handle?: { readStop?(): void } | null };
  handle?.readStop?.();
}
