import type { ToPrimary, WorkerMetrics } from './messages.js';
import type { Slot } from './slot.js';

/** A worker that has not answered by then, in milliseconds, is left out. */
const ANSWER_TIMEOUT_MS = 1_000;

interface Gathering {
  readonly waitingFor: Set<Slot>;
  readonly workers: WorkerMetrics[];
  readonly end: () => void;
}

/** Asks all workers for their metrics, on behalf of the one that was asked for them. */
export class MetricsGathering {
  private readonly gatherings = new Map<number, Gathering>();
  private count = 0;

  begin(
    asker: Slot,
    { question, module }: Extract<ToPrimary, { nestwire: 'ask-metrics' }>,
    slots: readonly Slot[],
  ): void {
    const id = (this.count += 1);
    const workers: WorkerMetrics[] = [];
    const end = (): void => {
      clearTimeout(timer);
      this.gatherings.delete(id);
      asker.send({ nestwire: 'metrics', question, workers });
    };
    const timer = setTimeout(end, ANSWER_TIMEOUT_MS);
    const ready = slots.filter(({ isReady }) => isReady);
    this.gatherings.set(id, { waitingFor: new Set(ready), workers, end });
    for (const slot of ready) slot.send({ nestwire: 'ask-metrics', gathering: id, module });
    if (ready.length === 0) end();
  }

  add(from: Slot, { gathering: id, metrics }: Extract<ToPrimary, { nestwire: 'metrics' }>): void {
    const gathering = this.gatherings.get(id);
    if (gathering?.waitingFor.delete(from) !== true) return;
    gathering.workers.push({ worker: from.name, metrics });
    if (gathering.waitingFor.size === 0) gathering.end();
  }
}
