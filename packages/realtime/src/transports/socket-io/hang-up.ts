import type { EventEmitter } from 'node:events';

/** A client that does not answer the goodbye of a WebSocket loses its socket after so long, in milliseconds; `ws` waits for 30 s. */
const GOODBYE_MS = 1_000;

/** What is used here of an Engine.IO connection; long polling has no socket of its own. */
interface Engine {
  readonly transport: { readonly socket?: EventEmitter & { terminate?(): void } };
}

/** To be called when Engine.IO has closed a connection: it forgets it there and then, whether or not its socket is gone. */
export function hangUp({ transport: { socket } }: Engine): void {
  if (socket?.terminate === undefined) return;
  const timer = setTimeout(() => socket.terminate?.(), GOODBYE_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}
