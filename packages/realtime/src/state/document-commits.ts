import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { RealtimeError } from '@nestwire/protocol';
import type { CommitOutcome, CommitRequest } from '../backend/document-store.js';
import type { DocumentSettings } from '../channels/document.options.js';
import { Counters } from '../observability/counters.js';
import { bytesOf } from './commit-window.js';
import { CommitQueue } from './commit-queue.js';
import { Documents } from './documents.js';

/** Patches that wait on this node to be gathered may take so many bytes. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** What a patch takes besides its fields. */
const OVERHEAD_BYTES = 512;

/** Commits changes of documents, those of a pattern with `coalesceMs` together with the others of their window. */
@Injectable()
export class DocumentCommits implements BeforeApplicationShutdown {
  private readonly queues = new Map<string, CommitQueue>();
  private waitingBytes = 0;
  private isDraining = false;

  constructor(
    private readonly documents: Documents,
    private readonly counters: Counters,
  ) {}

  /** As `DocumentStore.commit`. @throws RealtimeError `unavailable` where too much waits already. */
  async commit(id: string, request: CommitRequest, settings: DocumentSettings): Promise<CommitOutcome> {
    if (settings.coalesceMs === 0) return this.send(id, request, settings);
    const bytes = bytesOf(request) + OVERHEAD_BYTES;
    if (this.waitingBytes > 0 && this.waitingBytes + bytes > MAX_WAITING_BYTES)
      throw new RealtimeError('unavailable', 'too many patches wait to be committed');
    this.waitingBytes += bytes;
    try {
      return await this.queueOf(id, settings).add(request, this.isDraining ? 0 : settings.coalesceMs);
    } finally {
      this.waitingBytes -= bytes;
    }
  }

  /** Nothing is gathered any more, and what waits is committed at once. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isDraining = true;
    await this.idle();
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.queues.size > 0) await Promise.all([...this.queues.values()].map((queue) => queue.flush()));
  }

  private queueOf(id: string, settings: DocumentSettings): CommitQueue {
    let queue = this.queues.get(id);
    if (queue === undefined) {
      queue = new CommitQueue({
        maxBytes: settings.limits.maxEventBytes,
        commit: (request) => this.send(id, request, settings),
        onGivenUp: (error) => this.counters.notCommitted(error),
        onIdle: () => this.queues.delete(id),
      });
      this.queues.set(id, queue);
    }
    return queue;
  }

  private async send(
    id: string,
    request: CommitRequest,
    { history }: DocumentSettings,
  ): Promise<CommitOutcome> {
    try {
      const outcome = await this.documents.commit(id, request, history);
      this.counters.commits[!outcome.ok ? 'conflict' : outcome.changed ? 'stored' : 'unchanged'] += 1;
      return outcome;
    } catch (error) {
      this.counters.notCommitted(error);
      throw error;
    }
  }
}
