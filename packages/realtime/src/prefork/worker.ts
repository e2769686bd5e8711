import type { ToPrimary } from './messages.js';

/** What `bootstrap` returns: a Nest application, say. */
export interface Closeable {
  close(): Promise<unknown>;
}

/** In a worker: starts the application, and says so. */
export async function runWorker(bootstrap: () => Promise<Closeable>): Promise<void> {
  const app = await bootstrap();
  let closing: Promise<void> | undefined;
  const onSignal = (): void => {
    closing ??= close(app);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // An application with `enableShutdownHooks()` closes itself.
    if (process.listenerCount(signal) === 0) process.on(signal, onSignal);
  }
  const ready: ToPrimary = { nestwire: 'ready' };
  process.send?.(ready);
}

/** Where closing fails, the error ends the process. */
async function close(app: Closeable): Promise<void> {
  await app.close();
  process.exit(0);
}
