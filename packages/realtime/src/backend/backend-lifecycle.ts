import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import cluster from 'node:cluster';
import { BroadcastQueue } from '../commands/broadcast-queue.js';
import { CommandDispatcher } from '../commands/command-dispatcher.js';
import { REALTIME_BACKEND, REALTIME_OPTIONS, type ResolvedOptions } from '../realtime.tokens.js';
import { DocumentCommits } from '../state/document-commits.js';
import { WriteBehind } from '../state/write-behind.js';
import type { Backend } from './backend.js';

/** What is unsaved when a node ends has so long to be saved, in milliseconds. */
const MAX_SAVING_MS = 10_000;

/** Warns of a backend that cannot be shared where there are several processes, and stops it when everything else has ended. */
@Injectable()
export class BackendLifecycle implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Nestwire');

  constructor(
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    private readonly dispatcher: CommandDispatcher,
    private readonly broadcasts: BroadcastQueue,
    private readonly commits: DocumentCommits,
    private readonly writeBehind: WriteBehind,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  onModuleInit(): void {
    if (this.backend.shared || !isOneOfSeveral()) return;
    this.logger.warn(
      `WARNING: the ${this.backend.name} backend lives in one process, and this is one of several: ` +
        'events, state and sessions of one process are not seen by the others. Use a shared backend.',
    );
  }

  /** Hooks of one kind run at once, so what may still want the backend is waited for here. */
  async onApplicationShutdown(): Promise<void> {
    await this.dispatcher.idle();
    await this.broadcasts.pending();
    await this.commits.idle();
    await this.writeBehind.drain(MAX_SAVING_MS);
    await this.options.stateSink?.close?.();
    await this.backend.stop();
  }
}

/** A worker of `node:cluster`, or an instance of pm2 (which numbers them in this variable). */
function isOneOfSeveral(): boolean {
  return cluster.isWorker || process.env['NODE_APP_INSTANCE'] !== undefined;
}
