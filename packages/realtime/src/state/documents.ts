import { Inject, Injectable } from '@nestjs/common';
import type { CommitOutcome, CommitRequest, StoredDocument } from '../backend/document-store.js';
import type { History } from '../backend/event-log.js';
import type { DocumentSettings } from '../channels/document.options.js';
import { PolicyRegistry } from '../channels/policy-registry.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import { REALTIME_BACKEND, type Backend } from '../realtime.tokens.js';
import { DocumentLoader } from './document-loader.js';
import { OnceInAWhile } from './once-in-a-while.js';
import { WriteBehind } from './write-behind.js';

/** A document's use is noted so many times in its time to live, which is longer by as much. */
const NOTES_PER_TTL = 10;

/** The backend's documents with what their patterns ask for: loaded from the sink, saved to it, and kept while they are used. */
@Injectable()
export class Documents {
  private readonly uses = new OnceInAWhile();

  constructor(
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    private readonly policies: PolicyRegistry,
    private readonly loader: DocumentLoader,
    private readonly writeBehind: WriteBehind,
    private readonly errors: ErrorReporter,
  ) {}

  /** As {@link DocumentStore.read}. */
  async read(id: string, fields?: readonly string[]): Promise<StoredDocument | undefined> {
    const settings = this.policies.documentOf(id);
    const stored = await this.readLoaded(id, fields, settings);
    if (stored !== undefined && settings.ttlMs !== undefined) {
      this.use(id, settings.ttlMs).catch((error: unknown) =>
        this.errors.report(error, { during: 'backend' }),
      );
    }
    return stored;
  }

  /** As {@link DocumentStore.commit}. */
  async commit(id: string, request: CommitRequest, history: History): Promise<CommitOutcome> {
    const { ttlMs, sink } = this.policies.documentOf(id);
    // Before the commit: a node that dies right after it leaves the document to the others.
    if (ttlMs !== undefined) await this.use(id, ttlMs);
    if (sink === undefined) return this.backend.documents.commit(id, request, history);
    await this.writeBehind.announce(id, sink);
    const outcome = await this.commitLoaded(id, request, history);
    if (outcome.ok && outcome.changed) this.writeBehind.add(id, sink);
    return outcome;
  }

  private async readLoaded(
    id: string,
    fields: readonly string[] | undefined,
    { sink }: DocumentSettings,
  ): Promise<StoredDocument | undefined> {
    const stored = await this.backend.documents.read(id, fields);
    if (stored !== undefined || sink === undefined) return stored;
    await this.loader.load(id);
    return this.backend.documents.read(id, fields);
  }

  /** One round trip, unless the document has to be loaded first. */
  private async commitLoaded(id: string, request: CommitRequest, history: History): Promise<CommitOutcome> {
    const outcome = await this.backend.documents.commit(id, { ...request, ifLoaded: true }, history);
    if (outcome.ok || !outcome.unloaded) return outcome;
    await this.loader.load(id);
    return this.backend.documents.commit(id, request, history);
  }

  private use(id: string, ttlMs: number): Promise<void> {
    const everyMs = ttlMs / NOTES_PER_TTL;
    return this.uses.do(id, everyMs, () => this.backend.documents.expiring.set(id, ttlMs + everyMs));
  }
}
