import { type Metric, Registry } from 'prom-client';
import {
  type ToPrimary,
  type ToWorker,
  type WorkerMetrics as OneWorkersMetrics,
  workerName,
} from '../prefork/messages.js';

/** How long the others are waited for, in milliseconds; one that has not answered by then is left out by the primary before. */
const ANSWER_TIMEOUT_MS = 2_000;

/**
 * The metrics of all workers that `prefork` has started: a scrape reaches any one of them, and would otherwise tell of another each time.
 * In any other process they are those of the registry alone.
 */
export class WorkerMetrics {
  private readonly worker = workerName();
  private readonly questions = new Map<number, (workers: readonly OneWorkersMetrics[]) => void>();
  private asked = 0;

  constructor(
    /** Base path of the module: the same in all workers. */
    private readonly module: string,
    private readonly registry: Registry,
  ) {
    if (this.worker !== undefined) process.on('message', this.onMessage);
  }

  /** A registry that holds the values of all; the own one where there are no others, or the primary says nothing. */
  async gather(): Promise<Registry> {
    if (this.worker === undefined || !process.connected) return this.registry;
    const workers = await this.ask();
    return workers === undefined ? this.registry : merge(workers, this.registry);
  }

  stop(): void {
    process.off('message', this.onMessage);
  }

  private ask(): Promise<readonly OneWorkersMetrics[] | undefined> {
    const question = (this.asked += 1);
    return new Promise<readonly OneWorkersMetrics[] | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), ANSWER_TIMEOUT_MS);
      this.questions.set(question, (workers) => {
        clearTimeout(timer);
        resolve(workers);
      });
      tell({ nestwire: 'ask-metrics', question, module: this.module });
    }).finally(() => this.questions.delete(question));
  }

  private readonly onMessage = (message: ToWorker): void => {
    if (message?.nestwire === 'metrics') this.questions.get(message.question)?.(message.workers);
    else if (message?.nestwire === 'ask-metrics' && message.module === this.module)
      void this.answer(message.gathering);
  };

  private async answer(gathering: number): Promise<void> {
    tell({ nestwire: 'metrics', gathering, metrics: await this.registry.getMetricsAsJSON() });
  }
}

/** Whoever cannot be told has gone. */
function tell(message: ToPrimary): void {
  process.send?.(message, undefined, {}, () => undefined);
}

/** Each value with its worker as a label. Sums would fall when a worker ends, which reads like a counter that starts anew. */
function merge(workers: readonly OneWorkersMetrics[], like: Registry): Registry {
  const merged = new Map<string, OneWorkersMetrics['metrics'][number]>();
  for (const { worker, metrics } of workers) {
    for (const metric of metrics) {
      const values = metric.values.map((value) => ({ ...value, labels: { ...value.labels, worker } }));
      const before = merged.get(metric.name)?.values ?? [];
      merged.set(metric.name, { ...metric, values: [...before, ...values] });
    }
  }
  const registry = new Registry();
  registry.setContentType(like.contentType);
  for (const metric of merged.values())
    registry.registerMetric({ ...metric, get: async () => metric } as unknown as Metric);
  return registry;
}
