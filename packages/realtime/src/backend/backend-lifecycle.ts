import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import cluster from 'node:cluster';
import { REALTIME_BACKEND } from '../realtime.tokens.js';
import type { Backend } from './backend.js';

/** Warns of a backend that cannot be shared where there are several processes, and stops it when everything else has ended. */
@Injectable()
export class BackendLifecycle implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Nestwire');

  constructor(@Inject(REALTIME_BACKEND) private readonly backend: Backend) {}

  onModuleInit(): void {
    if (this.backend.shared || !isOneOfSeveral()) return;
    this.logger.warn(
      `WARNING: the ${this.backend.name} backend lives in one process, and this is one of several: ` +
        'events, state and sessions of one process are not seen by the others. Use a shared backend.',
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.backend.stop();
  }
}

/** A worker of `node:cluster`, or an instance of pm2 (which numbers them in this variable). */
function isOneOfSeveral(): boolean {
  return cluster.isWorker || process.env['NODE_APP_INSTANCE'] !== undefined;
}
