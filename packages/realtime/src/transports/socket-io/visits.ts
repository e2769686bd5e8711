import type { ConnectionLimits } from '../../limits/connection-limits.js';
import { overLimit } from '../../limits/over-limit.js';
import type { Socket } from './socket-io.types.js';

/** When to try again who wanted to be in twice, in milliseconds. */
const RETRY_MS = 1_000;

/**
 * Holds a transport to one visit of the namespace at a time, and counts further ones as attempts. Socket.IO itself lets it join any number
 * of times at once, each a connection of its own, while limits by address have counted one.
 */
export class Visits {
  /** Transports, and whether they are in or on their way in. */
  private readonly visitors = new WeakMap<object, boolean>();

  constructor(private readonly limits: ConnectionLimits) {}

  /** @throws RealtimeError `rate_limited` */
  async begin({ conn, request }: Socket): Promise<void> {
    const isIn = this.visitors.get(conn);
    if (isIn === true) throw overLimit('this connection has joined already', RETRY_MS);
    this.visitors.set(conn, true);
    if (isIn === undefined) return;
    try {
      await this.limits.attempt(request);
    } catch (error) {
      this.end(conn);
      throw error;
    }
  }

  end(conn: Socket['conn']): void {
    this.visitors.set(conn, false);
  }
}
