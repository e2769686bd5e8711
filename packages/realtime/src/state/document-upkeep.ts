import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RESERVED_CHANNEL_PREFIXES } from '@nestwire/protocol';
import type { DueId, Schedule } from '../backend/schedule.js';
import type { StoredDocument } from '../backend/document-store.js';
import { PolicyRegistry } from '../channels/policy-registry.js';
import { BackendWatch } from '../observability/backend-watch.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import { REALTIME_BACKEND, type Backend } from '../realtime.tokens.js';
import { sessionOfDocument } from '../sessions/session-document.js';
import { WriteBehind } from './write-behind.js';

/** Each node looks for documents that are due about so often, in milliseconds; jittered by a half. */
const LOOK_EVERY_MS = 1_000;
/** So many at a time: policies and sinks are asked for as many at once. */
const AT_ONCE = 20;
/** Another node looks after a document whose node has died over it after so long, in milliseconds. */
const CLAIM_MS = 30_000;
/** What has failed is tried again after so long, in milliseconds; jittered by a half. */
const RETRY_MS = 2_000;
/** A document of a pattern that this node does not know may be known to others, in milliseconds. */
const UNKNOWN_MS = 10 * 60_000;

/** Looks after documents that are due, whichever node had to do with them: saves what nodes have left behind, and ends what has expired. */
@Injectable()
export class DocumentUpkeep implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    private readonly policies: PolicyRegistry,
    private readonly writeBehind: WriteBehind,
    private readonly watch: BackendWatch,
    private readonly errors: ErrorReporter,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private schedule(): void {
    if (this.isStopped) return;
    const inMs = LOOK_EVERY_MS * (0.5 + Math.random());
    this.timer = setTimeout(() => {
      this.looking = this.look().finally(() => this.schedule());
    }, inMs).unref();
  }

  /** While the backend is away that is known, and told already. */
  private async look(): Promise<void> {
    if (!this.watch.isAvailable) return;
    const { unsaved, expiring } = this.backend.documents;
    if (this.policies.savesDocuments && !this.writeBehind.isPaused)
      await this.each(unsaved, (id) => this.save(id));
    await this.each(expiring, (id) => this.expire(id));
  }

  /** All that is due, so many at a time. It ends where one fails: the backend or the sink may be away, and there may be many. */
  private async each(schedule: Schedule, work: (id: string) => Promise<number | null>): Promise<void> {
    try {
      for (let isMore = true; isMore && !this.isStopped;) {
        const due = await schedule.claim(AT_ONCE, CLAIM_MS);
        const done = await Promise.all(due.map((one) => this.settle(schedule, one, work)));
        isMore = due.length === AT_ONCE && !done.includes(false);
      }
    } catch (error) {
      this.report(error);
    }
  }

  /** False where it has failed. It is tried again soon; where the backend cannot be told so, when the claim is over. */
  private async settle(
    schedule: Schedule,
    due: DueId,
    work: (id: string) => Promise<number | null>,
  ): Promise<boolean> {
    try {
      await schedule.settle(due, await work(due.id));
      return true;
    } catch (error) {
      this.report(error, due.id);
    }
    const againMs = RETRY_MS * (0.5 + Math.random());
    await schedule.settle(due, againMs).catch((error: unknown) => this.report(error, due.id));
    return false;
  }

  private async save(id: string): Promise<number | null> {
    if (this.policies.documentOf(id).sink === undefined) return UNKNOWN_MS;
    await this.writeBehind.saveNow(id);
    return null;
  }

  /** Answers when to look again; null where the document is done with. */
  private async expire(id: string): Promise<number | null> {
    const { ttlMs } = this.policies.documentOf(id);
    if (ttlMs === undefined) return UNKNOWN_MS;
    await this.tellExpired(id);
    const livesMs = await this.sessionLivesMs(id);
    if (livesMs > 0) return livesMs;
    const stored = await this.backend.documents.read(id);
    if (stored === undefined) return null;
    await this.writeBehind.saveNow(id);
    if (!(await this.remove(id, stored))) return ttlMs;
    await this.tellExpired(id);
    return null;
  }

  /** False where the document has changed since it was read. */
  private async remove(id: string, { position, fields }: StoredDocument): Promise<boolean> {
    const history = this.policies.historyOf(RESERVED_CHANNEL_PREFIXES.state + id);
    const request = {
      set: new Map<string, string>(),
      del: [...fields.keys()],
      ifVersion: position,
      isSaved: true,
      keepRemoved: this.policies.hearsOfExpiry(id),
      operationId: randomUUID(),
    };
    return (await this.backend.documents.commit(id, request, history)).ok;
  }

  /** What has expired is kept until its policy has heard of it, so that it does though a node dies in between. */
  private async tellExpired(id: string): Promise<void> {
    if (!this.policies.hearsOfExpiry(id)) return;
    const removed = await this.backend.documents.readRemoved(id);
    if (removed === undefined) return;
    const fields = [...removed].map(([name, { value }]) => [name, JSON.parse(value) as unknown] as const);
    await this.policies.expired(id, Object.fromEntries(fields));
    await this.backend.documents.forgetRemoved(id);
  }

  /** A session's document lives as long as the session. */
  private async sessionLivesMs(id: string): Promise<number> {
    const sid = sessionOfDocument(id);
    const session = sid === undefined ? undefined : await this.backend.sessions.find(sid);
    return session === undefined || session.revokedAt !== undefined
      ? 0
      : Math.max(1_000, session.expiresAt - Date.now());
  }

  private report(error: unknown, id?: string): void {
    const channel = id === undefined ? {} : { channel: RESERVED_CHANNEL_PREFIXES.state + id };
    this.errors.report(error, { during: 'backend', ...channel });
  }
}
