import type { Worker } from 'node:cluster';

/** A connection that `node:cluster` has accepted, as the system knows it. */
interface Handle {
  close(): void;
}

/** What `node:cluster` says to a worker with a connection. Its own affair, and the same in all versions. */
interface NewConnection {
  readonly cmd: 'NODE_CLUSTER';
  readonly act: 'newconn';
  /** What is listened on. */
  readonly key: string;
}

/**
 * Closes the connection that was on its way to a worker when that died: `node:cluster` waits for the worker's word on it, and neither closes
 * it nor gives it to another, so that its client would wait for ever. There is one at most for each port.
 */
export function rescueConnections(worker: Worker): void {
  const { process: child } = worker;
  const latest = new Map<string, Handle>();
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  child.send = (message: unknown, handle?: unknown, ...rest: unknown[]) => {
    // Closing one again that was taken, and closed since, does nothing.
    if (isNewConnection(message) && isHandle(handle)) latest.set(message.key, handle);
    return send(message, handle, ...rest);
  };
  worker.once('exit', () => {
    for (const handle of latest.values()) handle.close();
  });
}

function isNewConnection(message: unknown): message is NewConnection {
  const { cmd, act } = (message ?? {}) as Partial<NewConnection>;
  return cmd === 'NODE_CLUSTER' && act === 'newconn';
}

function isHandle(handle: unknown): handle is Handle {
  return typeof (handle as Handle | undefined)?.close === 'function';
}
