import type { ServerResponse } from 'node:http';
import type { Connection } from '../../channels/connection.js';
import type { SseOutlet } from './sse-outlet.js';

/** One request for a stream until its client goes, at any moment: then everything that it has taken is given back. */
export class SseStream {
  connection: Connection | undefined;
  outlet: SseOutlet | undefined;
  /** When the next sign of life is due, and when it ends, by the clock of {@link StreamClock}; owned by it. */
  keepAliveAt = 0;
  endsAt = 0;
  private isOver: boolean;
  private held: readonly (() => void)[] = [];

  constructor(response: ServerResponse) {
    this.isOver = response.destroyed;
    response.on('close', () => this.end());
  }

  /** The client has gone. */
  get gone(): boolean {
    return this.isOver;
  }

  /** Calls this when the client goes, or now where it has gone. */
  hold(free: () => void): void {
    if (this.isOver) free();
    else this.held = this.held.concat(free);
  }

  private end(): void {
    this.isOver = true;
    for (const free of this.held) free();
    this.held = [];
    this.outlet?.onClose();
    this.connection?.onEnd();
  }
}
