import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { Primary } from './primary.js';
import { runWorker, type Closeable } from './worker.js';

export type { Closeable };

export interface PreforkOptions {
  /** How many workers. Default: as many as there are cores for this process. */
  workers?: number;
  /** How long workers may take to end, in milliseconds, before they are killed. Default 25,000. */
  shutdownTimeoutMs?: number;
}

/**
 * Runs an application in several processes that listen on the same port. `bootstrap` starts it and returns it:
 *
 *     await prefork(async () => {
 *       const app = await NestFactory.create(AppModule);
 *       await app.listen(3000);
 *       return app;
 *     });
 *
 * A worker that dies is replaced, with growing pauses where that happens again and again. SIGTERM and SIGINT close all of them in
 * good order, then this process ends. Socket.IO over HTTP long-polling works too: a request that reaches another worker than the one
 * of its session is handed over to that. Resolves when all workers are up, or in a worker, when that one is; rejects where none could start.
 * @throws Error where an option is not allowed.
 */
export async function prefork(
  bootstrap: () => Promise<Closeable>,
  options: PreforkOptions = {},
): Promise<void> {
  const { workers = availableParallelism(), shutdownTimeoutMs = 25_000 } = options;
  assertWhole('workers', workers);
  assertWhole('shutdownTimeoutMs', shutdownTimeoutMs);
  if (cluster.isPrimary) await new Primary(workers, shutdownTimeoutMs).start();
  else await runWorker(bootstrap);
}

function assertWhole(option: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new Error(`Nestwire: option "${option}" of prefork() is ${value}; allowed is a whole number from 1`);
}
