import { Inject, Injectable } from '@nestjs/common';
import { encodeVersion, RealtimeError } from '@nestwire/protocol';
import type { UnsavedDocument } from '../backend/document-store.js';
import type { SinkSettings } from '../channels/document.options.js';
import { PolicyRegistry } from '../channels/policy-registry.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import {
  REALTIME_BACKEND,
  REALTIME_OPTIONS,
  type Backend,
  type ResolvedOptions,
} from '../realtime.tokens.js';
import { currentFields } from './document-snapshot.js';
import { OnceInAWhile } from './once-in-a-while.js';
import type { SavedDocument } from './state-sink.js';

/** A commit reaches the backend within this after it was announced, in milliseconds; else its own node has to save it. */
const COMMIT_GRACE_MS = 5_000;
/** Most documents of one save, and about how many bytes of them are held at a time. */
const MAX_BATCH = 100;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** Bounds of the wait after a save that failed, in milliseconds; drawn with full jitter. */
const RETRY_BASE_MS = 250;
const RETRY_MAX_MS = 30_000;
/** That too much is waiting is said so often, in milliseconds. */
const COMPLAIN_EVERY_MS = 60_000;

interface Unsaved {
  readonly id: string;
  readonly document: UnsavedDocument;
}

/**
 * Saves documents to the sink some time after they have changed. Which are unsaved is known to the backend, and noted there before each
 * commit: here wait only the ids of those that this node has changed, and what a node leaves behind is found by the others.
 */
@Injectable()
export class WriteBehind {
  /** Ids, by when they are due on the monotonic clock. */
  private readonly waiting = new Map<string, number>();
  private readonly announced = new OnceInAWhile();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private failures = 0;
  private pausedUntil = 0;
  private complainedAt = -Infinity;
  private isDraining = false;

  constructor(
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
    private readonly policies: PolicyRegistry,
    private readonly errors: ErrorReporter,
  ) {}

  /** Notes in the backend that the document is about to change. Once per interval: a commit costs one call, as ever. */
  announce(id: string, { intervalMs }: SinkSettings): Promise<void> {
    const lookAfterMs = 2 * intervalMs + COMMIT_GRACE_MS;
    return this.announced.do(id, intervalMs, () => this.backend.documents.unsaved.set(id, lookAfterMs));
  }

  /** The document has changed: it is saved within its interval. */
  add(id: string, { intervalMs }: SinkSettings): void {
    if (!this.waiting.has(id)) this.waiting.set(id, performance.now() + intervalMs);
    this.keepBound();
    this.schedule();
  }

  /** The last save has failed, and the next has to wait. */
  get isPaused(): boolean {
    return performance.now() < this.pausedUntil;
  }

  /** Saves the document now, where it has changed since it was saved. @throws whatever the sink throws. */
  async saveNow(id: string): Promise<void> {
    const sink = this.policies.documentOf(id).sink;
    if (sink === undefined) return;
    const document = await this.claim(id, sink, true);
    this.waiting.delete(id);
    if (document === undefined || 'claimedForMs' in document) return;
    await this.save([{ id, document }]);
    this.failures = 0;
  }

  /** Saves everything that waits, for as long as that may take; what is left then is the other nodes' to save. */
  async drain(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    this.isDraining = true;
    clearTimeout(this.timer);
    await this.running;
    while (this.waiting.size > 0 && performance.now() < deadline) {
      await pause(Math.min(this.pausedUntil, deadline) - performance.now());
      await this.saveSome();
    }
    if (this.waiting.size > 0) this.complain(`${this.waiting.size} documents were not saved before the end`);
    this.isDraining = false;
  }

  private schedule(): void {
    if (this.timer !== undefined || this.waiting.size === 0 || this.isDraining) return;
    const due = Math.max(Math.min(...this.waiting.values()), this.pausedUntil);
    this.timer = setTimeout(() => this.run(), Math.max(0, due - performance.now())).unref();
  }

  private run(): void {
    this.running = this.saveSome()
      .catch((error: unknown) => this.errors.report(error, { during: 'sink' }))
      .then(() => {
        this.timer = undefined;
        this.schedule();
      });
  }

  private async saveSome(): Promise<void> {
    const batch = await this.gather();
    if (batch.length === 0) return;
    try {
      await this.save(batch);
      this.failures = 0;
    } catch (error) {
      this.onFailure(error, batch);
    }
  }

  /** Where a save has failed fewer are tried at a time, so that one that cannot be saved does not keep the others. */
  private async gather(): Promise<Unsaved[]> {
    const batch: Unsaved[] = [];
    const most = Math.max(1, MAX_BATCH >> this.failures);
    let bytes = 0;
    const now = performance.now();
    // Those that are put back come again: each is asked once.
    for (const [id, due] of Array.from(this.waiting)) {
      if (batch.length >= most || bytes >= MAX_BATCH_BYTES) break;
      if (due > now && !this.isDraining) continue;
      this.waiting.delete(id);
      const document = await this.tryClaim(id);
      if (document === undefined) continue;
      batch.push({ id, document });
      bytes += sizeOf(document);
    }
    return batch;
  }

  private async tryClaim(id: string): Promise<UnsavedDocument | undefined> {
    const { sink } = this.policies.documentOf(id);
    if (sink === undefined) return undefined;
    try {
      const answer = await this.claim(id, sink, this.isDraining || this.failures > 0);
      if (answer === undefined || !('claimedForMs' in answer)) return answer;
      this.waiting.set(id, performance.now() + answer.claimedForMs);
    } catch (error) {
      this.onFailure(error, [{ id }]);
    }
    return undefined;
  }

  private claim(
    id: string,
    { intervalMs }: SinkSettings,
    regardless: boolean,
  ): ReturnType<Backend['documents']['claimUnsaved']> {
    return this.backend.documents.claimUnsaved(id, intervalMs, { regardless });
  }

  private async save(batch: readonly Unsaved[]): Promise<void> {
    await this.options.stateSink!.save(batch.map(toSaved));
    await Promise.all(
      batch.map(({ id, document }) => this.backend.documents.markSaved(id, document.position)),
    );
  }

  private onFailure(error: unknown, batch: readonly Pick<Unsaved, 'id'>[]): void {
    this.errors.report(error, { during: 'sink' });
    const boundMs = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 16);
    this.pausedUntil = performance.now() + Math.random() * boundMs;
    for (const { id } of batch) if (!this.waiting.has(id)) this.waiting.set(id, this.pausedUntil);
    this.keepBound();
  }

  /** The oldest go first; the backend knows of them, and they are looked at later. */
  private keepBound(): void {
    if (this.waiting.size <= this.options.limits.maxUnsavedDocuments) return;
    for (const id of this.waiting.keys()) {
      if (this.waiting.size <= this.options.limits.maxUnsavedDocuments) break;
      this.waiting.delete(id);
    }
    this.complain(`more than ${this.options.limits.maxUnsavedDocuments} documents wait to be saved`);
  }

  private complain(message: string): void {
    if (performance.now() - this.complainedAt < COMPLAIN_EVERY_MS) return;
    this.complainedAt = performance.now();
    this.errors.report(new RealtimeError('unavailable', message), { during: 'sink' });
  }
}

function toSaved({ id, document: { position, revision, fields } }: Unsaved): SavedDocument {
  const current = Object.entries(currentFields(position.epoch, fields));
  return {
    id,
    revision,
    version: encodeVersion(position),
    fields: fields.size === 0 ? null : Object.fromEntries(current.map(([name, { value }]) => [name, value])),
  };
}

function sizeOf({ fields }: UnsavedDocument): number {
  let size = 0;
  for (const [name, { value }] of fields) size += name.length + value.length;
  return size;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
