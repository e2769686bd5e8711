import type { Socket } from 'node:net';
import cluster, { type Worker } from 'node:cluster';
import { type ToWorker, WORKER_VARIABLE } from './messages.js';
import { rescueConnections } from './rescue.js';

/** A worker that has lived for so long, in milliseconds, did not die of its start. */
const STEADY_MS = 10_000;
/** Bounds of the pause before a dead worker is replaced, in milliseconds. */
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

/** A worker's place, which another takes when it dies. */
export class Slot {
  /** The application in it is up. */
  isReady = false;
  private worker: Worker | undefined;
  private startedAt = 0;
  private earlyDeaths = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(readonly name: string) {}

  get isEmpty(): boolean {
    return this.worker === undefined;
  }

  holds(worker: Worker): boolean {
    return this.worker === worker;
  }

  fork(): void {
    this.startedAt = performance.now();
    this.worker = cluster.fork({ [WORKER_VARIABLE]: this.name });
    rescueConnections(this.worker);
  }

  /** Its worker has gone. */
  vacate(): void {
    this.worker = undefined;
    this.isReady = false;
  }

  /** Forks another after a pause, with full jitter up to a bound that doubles with each early death. Returns the pause. */
  forkLater(): number {
    const isSteady = performance.now() - this.startedAt >= STEADY_MS;
    this.earlyDeaths = isSteady ? 0 : this.earlyDeaths + 1;
    const pauseMs = Math.random() * Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** this.earlyDeaths);
    this.timer = setTimeout(() => this.fork(), pauseMs);
    return pauseMs;
  }

  /** Sends its worker a signal, and forks no other. */
  end(signal: NodeJS.Signals): void {
    clearTimeout(this.timer);
    this.worker?.process.kill(signal);
  }

  /** A connection that cannot be sent is closed: its client will open another. */
  send(message: ToWorker, connection?: Socket): void {
    const drop = (error: Error | null): void => void (error !== null && connection?.destroy());
    if (this.worker?.isConnected()) this.worker.send(message, connection, {}, drop);
    else connection?.destroy();
  }
}
