import type { EventEmitter } from 'node:events';

/** A client that does not answer the goodbye is cut after so long, in milliseconds; `ws` and long polling wait for 30 s. */
export const GOODBYE_MS = 1_000;

/** What is used here of an Engine.IO connection; long polling has no socket of its own. */
interface Engine {
  readonly transport: {
    readonly socket?: EventEmitter & { terminate?(): void };
    /** Of long polling that is to be closed with its next poll: closes it now. */
    readonly shouldClose?: (() => void) | null;
  };
  close(discard: true): void;
}

/** Ends a connection that is open, or that its client lets wait with its end. */
export function cut(engine: Engine): void {
  engine.close(true);
  engine.transport.shouldClose?.();
}

/** To be called when Engine.IO has closed a connection: it forgets it there and then, whether or not its socket is gone. */
export function hangUp({ transport: { socket } }: Engine): void {
  if (socket?.terminate === undefined) return;
  const timer = setTimeout(() => socket.terminate?.(), GOODBYE_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}
