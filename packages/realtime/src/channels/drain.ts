import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_OPTIONS } from '../realtime.tokens.js';
import { Connections } from './connections.js';

/** When the node shuts down: tells its clients to come back at times that are spread out, and ends their connections. */
@Injectable()
export class Drain implements BeforeApplicationShutdown {
  /** Nobody is let in any more. */
  isDraining = false;

  constructor(
    private readonly connections: Connections,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.isDraining = true;
    await Promise.all(this.connections.all().map((connection) => connection.drain(this.drawRetryMs())));
  }

  /** From a tenth of the spread, so that nobody comes back before this node has gone. */
  drawRetryMs(): number {
    return Math.round(this.options.drainSpreadMs * (0.1 + 0.9 * Math.random()));
  }
}
