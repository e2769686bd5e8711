import cluster from 'node:cluster';
import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** In the environment of a worker: which of them it is, from 1; the worker that takes a dead one's place has the same. */
export const WORKER_VARIABLE = 'NESTWIRE_WORKER';

type WorkerMetric = MetricObjectWithValues<MetricValue<string>>;

/** From a worker to the primary. */
export type ToPrimary =
  | { readonly nestwire: 'ready' }
  /** The metrics of all workers are wanted; `module` is the base path of the module that asks. */
  | { readonly nestwire: 'ask-metrics'; readonly question: number; readonly module: string }
  | { readonly nestwire: 'metrics'; readonly gathering: number; readonly metrics: readonly WorkerMetric[] }
  | HandOver;

/** From the primary to a worker. */
export type ToWorker =
  | { readonly nestwire: 'ask-metrics'; readonly gathering: number; readonly module: string }
  | {
      readonly nestwire: 'metrics';
      readonly question: number;
      readonly workers: readonly WorkerMetrics[];
    }
  | HandOver;

/** With a connection, whose request is for a Socket.IO session of that worker. */
export interface HandOver {
  readonly nestwire: 'hand-over';
  readonly worker: string;
  /** Where the connection had arrived. */
  readonly address: string;
  /** The request as it came, in Base64. */
  readonly request: string;
}

/** What one worker has answered. */
export interface WorkerMetrics {
  readonly worker: string;
  readonly metrics: readonly WorkerMetric[];
}

/** Which worker of `prefork` this process is; undefined where it is none. */
export function workerName(): string | undefined {
  return cluster.isWorker ? process.env[WORKER_VARIABLE] : undefined;
}
