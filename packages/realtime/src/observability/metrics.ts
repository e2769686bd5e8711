import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type Metric, Registry } from 'prom-client';
import { Connections } from '../channels/connections.js';
import { Hub } from '../channels/hub.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_BASE_PATH, REALTIME_OPTIONS } from '../realtime.tokens.js';
import { BackendWatch } from './backend-watch.js';
import { Counters } from './counters.js';
import { describeMetrics } from './metric-definitions.js';
import { WorkerMetrics } from './worker-metrics.js';

/** The module's metrics, for whoever serves them: Prometheus, or anything that reads its format. */
@Injectable()
export class RealtimeMetrics implements OnModuleDestroy {
  /** Holds the module's metrics: one of its own, or the application's where `metrics.registry` is given. */
  readonly registry: Registry;
  private readonly metrics: ReadonlyMap<string, Metric>;
  private readonly workers: WorkerMetrics;

  constructor(
    counters: Counters,
    connections: Connections,
    hub: Hub,
    backend: BackendWatch,
    @Inject(REALTIME_OPTIONS) { metrics }: ResolvedOptions,
    @Inject(REALTIME_BASE_PATH) basePath: string,
  ) {
    this.registry = metrics.registry ?? new Registry();
    this.metrics = describeMetrics({ counters, connections, hub, backend });
    for (const metric of this.metrics.values()) this.registry.registerMetric(metric);
    this.workers = new WorkerMetrics(basePath, this.registry);
  }

  /**
   * Everything in the registry as text. Where `prefork` has started several workers it is that of all of them, told apart by the
   * label `worker`, whichever of them is asked.
   */
  async text(): Promise<{ contentType: string; body: string }> {
    const registry = await this.workers.gather();
    return { contentType: registry.contentType, body: await registry.metrics() };
  }

  /** The application's registry outlives the module. */
  onModuleDestroy(): void {
    this.workers.stop();
    for (const name of this.metrics.keys()) this.registry.removeSingleMetric(name);
  }
}
