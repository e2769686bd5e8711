import type { ToPrimary } from './messages.js';

/** What `bootstrap` returns: a Nest application, say. */
export interface Closeable {
  close(): Promise<unknown>;
}

/** In a worker: starts the application, and says so. A signal that comes meanwhile closes it once it is up: it may have clients by then. */
export async function runWorker(bootstrap: () => Promise<Closeable>): Promise<void> {
  const starting = Promise.resolve().then(bootstrap);
  let closing: Promise<void> | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    // An application with `enableShutdownHooks()` closes itself, and then sends itself the signal again, which is to end the process.
    if (closing === undefined && process.listenerCount(signal) > 1) process.off(signal, onSignal);
    else closing ??= starting.then(close);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal);
  await starting;
  const ready: ToPrimary = { nestwire: 'ready' };
  if (closing === undefined) process.send?.(ready);
}

/** Where closing fails, the error ends the process. */
async function close(app: Closeable): Promise<void> {
  await app.close();
  process.exit(0);
}
