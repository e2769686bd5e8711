import { Logger } from '@nestjs/common';
import cluster, { type Worker } from 'node:cluster';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HandOver, ToPrimary } from './messages.js';
import { MetricsGathering } from './metrics-gathering.js';
import { Slot } from './slot.js';
import { stopReading } from './stop-reading.js';

/** The process that starts the workers, replaces those that die, and passes on what they have for each other. */
export class Primary {
  private readonly logger = new Logger('Nestwire');
  private readonly slots: readonly Slot[];
  private readonly gathering = new MetricsGathering();
  private wasReady = false;
  private isStopping = false;
  private onReady: () => void = () => undefined;
  private onFailure: (error: Error) => void = () => undefined;

  constructor(
    workers: number,
    private readonly shutdownTimeoutMs: number,
  ) {
    this.slots = Array.from({ length: workers }, (_, index) => new Slot(String(index + 1)));
  }

  /** Resolves when every worker is up; rejects where one ends before any was: what is wrong with it should be seen. */
  async start(): Promise<void> {
    cluster.on('exit', (worker, code, signal) => this.onExit(worker, signal ?? `code ${code}`));
    cluster.on('message', (worker, message: ToPrimary, connection: Socket | undefined) =>
      this.onMessage(worker, message, connection),
    );
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void this.stop(signal));
    for (const slot of this.slots) slot.fork();
    try {
      await new Promise<void>((resolve, reject) => {
        this.onReady = resolve;
        this.onFailure = reject;
      });
    } catch (error) {
      await this.end('SIGKILL');
      throw error;
    }
  }

  private onExit(worker: Worker, reason: string): void {
    const slot = this.slotOf(worker);
    if (slot === undefined) return;
    slot.vacate();
    if (this.isStopping) return;
    if (!this.wasReady)
      return this.onFailure(new Error(`Nestwire: a worker has ended before it was up (${reason})`));
    const pauseMs = slot.forkLater();
    this.logger.warn(
      `worker ${slot.name} has ended (${reason}), another starts in ${Math.round(pauseMs)} ms`,
    );
  }

  private onMessage(worker: Worker, message: ToPrimary, connection: Socket | undefined): void {
    const slot = this.slotOf(worker);
    if (slot === undefined) return;
    if (connection !== undefined) passOn(connection);
    switch (message?.nestwire) {
      case 'ready':
        return this.becomeReady(slot);
      case 'ask-metrics':
        return this.gathering.begin(slot, message, this.slots);
      case 'metrics':
        return this.gathering.add(slot, message);
      case 'hand-over':
        return this.handOver(message, connection);
    }
  }

  private becomeReady(slot: Slot): void {
    slot.isReady = true;
    this.wasReady = true;
    if (this.slots.every(({ isReady }) => isReady)) this.onReady();
  }

  private handOver(message: HandOver, connection?: Socket): void {
    const slot = this.slots.find(({ name, isReady }) => name === message.worker && isReady);
    if (slot === undefined) connection?.destroy();
    else slot.send(message, connection);
  }

  private async stop(signal: NodeJS.Signals): Promise<void> {
    if (this.isStopping) return;
    const isForced = await this.end(signal);
    process.exit(isForced ? 1 : 0);
  }

  /** Ends all workers; answers whether some had to be killed for it. */
  private async end(signal: NodeJS.Signals): Promise<boolean> {
    this.isStopping = true;
    for (const slot of this.slots) slot.end(signal);
    const deadline = performance.now() + this.shutdownTimeoutMs;
    while (!this.isEmpty() && performance.now() < deadline) await sleep(20);
    if (this.isEmpty()) return false;
    this.logger.error('some workers did not end in time, and are killed');
    for (const slot of this.slots) slot.end('SIGKILL');
    while (!this.isEmpty()) await sleep(20);
    return true;
  }

  private isEmpty(): boolean {
    return this.slots.every(({ isEmpty }) => isEmpty);
  }

  private slotOf(worker: Worker): Slot | undefined {
    return this.slots.find((slot) => slot.holds(worker));
  }
}

/** A connection that is only on its way through here; its client may hang up meanwhile. */
function passOn(connection: Socket): void {
  stopReading(connection);
  connection.on('error', () => undefined);
}
