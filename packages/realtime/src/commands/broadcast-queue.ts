import { type BeforeApplicationShutdown, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { RealtimeError } from '@nestwire/protocol';
import { ErrorReporter } from '../observability/error-reporter.js';
import type { ErrorContext } from '../realtime.options.js';
import { retried } from './retried.js';

/** Broadcasts that may wait at once on this node; those beyond fail at once. */
const MAX_PENDING = 10_000;

/**
 * Broadcasts that no request waits for. Each is tried again where its failure may pass, and goes to `onError` where it does not; a
 * shutdown waits for all of them. They are in this process's memory only: what it had not finished is lost if it dies.
 */
@Injectable()
export class BroadcastQueue implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly errors: ErrorReporter) {}

  /** Starts at once. `publish` is called up to three times, and must be the same operation each time. Never throws. */
  add(publish: () => Promise<unknown>, context: ErrorContext): void {
    if (this.running.size >= MAX_PENDING) {
      return this.errors.report(
        new RealtimeError('unavailable', `${MAX_PENDING} broadcasts are waiting already`),
        context,
      );
    }
    const run = retried(publish)
      .then(
        () => undefined,
        (error: unknown) => this.errors.report(error, context),
      )
      .finally(() => this.running.delete(run));
    this.running.add(run);
  }

  /** Resolves once nothing is waiting, what is added meanwhile included. */
  async pending(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.pending();
  }

  /** Once more: requests that were under way have ended by now. */
  async onApplicationShutdown(): Promise<void> {
    await this.pending();
  }
}
