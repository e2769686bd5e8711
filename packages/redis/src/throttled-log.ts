import type { Logger } from '@nestjs/common';
import { described } from './redis-errors.js';

/** A line of one kind is logged once in so many milliseconds: a client that reconnects says the same hundreds of times. */
const INTERVAL_MS = 5_000;
const MAX_KINDS = 100;

/** Logs errors without flooding. */
export class ThrottledLog {
  private readonly logged = new Map<string, { at: number; suppressed: number }>();

  constructor(private readonly logger: Pick<Logger, 'warn'>) {}

  warn(error: unknown): void {
    const { message } = described(error);
    // Slots and ports do not make another kind.
    const kind = message.replace(/\d+/g, '0');
    const now = performance.now();
    const last = this.logged.get(kind);
    if (last !== undefined && now - last.at < INTERVAL_MS) {
      last.suppressed += 1;
      return;
    }
    if (this.logged.size >= MAX_KINDS) this.logged.clear();
    this.logged.set(kind, { at: now, suppressed: 0 });
    this.logger.warn(`Redis: ${message}${last?.suppressed ? ` (and ${last.suppressed} times more)` : ''}`);
  }
}
