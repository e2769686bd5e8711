import {
  COMMANDS,
  type Envelope,
  type Fields,
  RealtimeError,
  type Reply,
  STATE_EVENTS,
  type StatePatch,
} from '@nestwire/protocol';
import type { Feed } from '../channels/feed.js';
import { newId } from '../command-id.js';
import { type Job, type Next, NOTHING } from '../commands/job.js';
import { type Outbox, RESEND } from '../commands/outbox.js';
import { retryDelayMs } from '../connection/backoff.js';
import { toError } from '../errors.js';
import { Store } from '../observable.js';
import type {
  ChangeResult,
  ConflictHandler,
  StateDocument,
  StateRecipe,
  StateSnapshot,
} from './document.types.js';
import { conflictDetails, type Edit, FieldsEdit, RecipeEdit } from './edit.js';
import { difference } from './fields.js';
import { ServerCopy } from './server-copy.js';
import { isAtLeast, isSameLife } from './versions.js';

/** A document: the server's copy, and one's own changes over it. */
export class ClientDocument implements StateDocument {
  private server: ServerCopy | undefined;
  /** False until the snapshot has come that the stream goes on from. */
  private isCurrent = false;
  /** In the order in which they were made; until the server's copy has them. */
  private edits: Edit[] = [];
  private readonly shown = new Store<StateSnapshot<Fields>>({
    value: undefined,
    version: undefined,
    pending: 0,
  });
  private waiters: { isDue: () => boolean; resolve: () => void; reject: (error: Error) => void }[] = [];
  private followers = 0;
  private unfollow: (() => void) | undefined;
  /** The last change's end: one at a time, for each stands on those before it. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly id: string,
    private readonly feed: Feed,
    private readonly outbox: Outbox,
    private readonly handler: ConflictHandler<Fields> = 'theirs',
  ) {}

  get value(): Fields | undefined {
    return this.shown.value.value;
  }

  get version(): string | undefined {
    return this.shown.value.version;
  }

  readonly getSnapshot = (): StateSnapshot<Fields> => this.shown.value;

  readonly subscribe = (listener: (snapshot: StateSnapshot<Fields>) => void): (() => void) => {
    const unsubscribe = this.shown.subscribe(listener);
    const release = this.follow();
    return () => {
      unsubscribe();
      release();
    };
  };

  async ready(): Promise<StateSnapshot<Fields>> {
    const release = this.follow();
    await this.until(() => this.isCurrent).finally(release);
    return this.shown.value;
  }

  async set(fields: Partial<Fields>): Promise<ChangeResult> {
    const base = { version: undefined, server: this.server, shown: this.value ?? {} };
    const edit = new FieldsEdit(this.id, fields, this.handler, base);
    return this.make(edit, () => edit.stored());
  }

  async update(recipe: StateRecipe<Fields>): Promise<ChangeResult> {
    const edit = new RecipeEdit(recipe);
    // One that throws is the caller's affair, and none that throws is kept.
    const { value = {}, version } = this;
    const changes = difference(value, edit.show(value));
    return this.make(edit, () => ({ id: this.id, ...changes, ifVersion: version }));
  }

  /** A change that an earlier page has left. */
  revive(stored: { id: string; data: unknown }): Job {
    const { set = {}, del = [], ifVersion } = stored.data as StatePatch & { ifVersion?: string };
    const fields = { ...set, ...Object.fromEntries(del.map((name) => [name, undefined])) };
    const base = { version: ifVersion, server: undefined, shown: {} };
    const edit = new FieldsEdit(this.id, fields, this.handler, base);
    edit.done.catch(() => undefined);
    const job = this.begin(edit, () => edit.stored(), stored.id);
    this.show();
    return job;
  }

  private make(edit: Edit, stored: () => object): Promise<ChangeResult> {
    const job = this.begin(edit, stored, newId());
    this.show();
    try {
      this.outbox.add(job);
    } catch (error) {
      this.giveUp(edit, error as Error);
    }
    return edit.done;
  }

  private begin(edit: Edit, stored: () => object, id: string): Job {
    for (const { committedAt, names } of this.edits)
      if (committedAt !== undefined) edit.follows(names, committedAt);
    this.edits.push(edit);
    const release = this.follow();
    const before = this.last;
    this.last = edit.done.then(release, release);
    let tries = 0;
    const job: Job = {
      id,
      command: COMMANDS.statePatch,
      stored,
      data: async () => {
        await before;
        return this.prepare(edit, job.id);
      },
      answered: async (reply) => {
        const next = await this.answered(edit, reply, (tries += 1));
        if (next !== 'done') job.id = newId();
        return next;
      },
      lost: () => {
        edit.mayBeCommitted = true;
        job.id = newId();
      },
      failed: (error) => this.giveUp(edit, error),
    };
    return job;
  }

  private async prepare(edit: Edit, id: string): Promise<object | typeof NOTHING> {
    await this.until(() => this.isCurrent);
    if (edit.committedAt !== undefined) return NOTHING;
    const server = this.server!;
    const patch = edit.prepare(server, this.fieldsBefore(edit), id);
    if (patch !== undefined) return { id: this.id, ...patch };
    this.committed(edit, server.version);
    return NOTHING;
  }

  private async answered(edit: Edit, reply: Reply, tries: number): Promise<Next> {
    if (reply.ok) {
      this.committed(edit, (reply.data as ChangeResult).version);
      return 'done';
    }
    const error = toError(reply.error);
    if (error.code === 'conflict') return this.conflicted(edit, error);
    const { outcome } = (error.details ?? {}) as { outcome?: unknown };
    edit.mayBeCommitted ||= outcome === 'unknown';
    if (!error.temporary && outcome !== 'unknown') {
      this.giveUp(edit, error);
      return 'done';
    }
    return retryDelayMs(tries, { ...RESEND, adviceMs: error.retryAfterMs });
  }

  private async conflicted(edit: Edit, error: RealtimeError): Promise<'done' | 'again'> {
    const details = conflictDetails(error.toBody());
    const { version: before = '' } = this.server ?? {};
    // A document that has begun another life meanwhile will never be at that version.
    const hasCome = (): boolean =>
      details.version === undefined ||
      isAtLeast(this.server?.version, details.version) ||
      !isSameLife(this.server?.version ?? '', before);
    // Was it ourselves? The patch that is on its way says so.
    if (edit.mayBeCommitted) await this.until(hasCome);
    if (edit.committedAt !== undefined) return 'done';
    if (edit.matches(details)) {
      this.committed(edit, details.version!);
      return 'done';
    }
    let next: ReturnType<Edit['meet']>;
    try {
      next = edit.meet(details, this.server!, error);
    } catch (thrown) {
      this.giveUp(edit, thrown as Error);
      return 'done';
    }
    if (next === 'wait') await this.until(hasCome);
    if (next !== 'give up') return 'again';
    this.giveUp(edit, error);
    return 'done';
  }

  private committed(edit: Edit, version: string): void {
    if (edit.committedAt !== undefined) return;
    edit.committedAt = version;
    const later = this.edits.slice(this.edits.indexOf(edit) + 1);
    for (const other of later) other.follows(edit.names, version);
    this.letGo();
    this.show();
    edit.resolve({ version });
  }

  /** What the server's copy has is shown by that. An answer may come after what others have made of it since. */
  private letGo(): void {
    this.edits = this.edits.filter(({ committedAt }) => !this.covers(committedAt));
  }

  /** Takes it back. */
  private giveUp(edit: Edit, error: Error): void {
    this.edits = this.edits.filter((other) => other !== edit);
    this.show(error instanceof RealtimeError ? error : undefined);
    edit.reject(error);
  }

  private fieldsBefore(edit: Edit): Readonly<Fields> {
    const before = this.edits.slice(0, this.edits.indexOf(edit));
    return before.reduce((fields, other) => other.show(fields), this.server!.fields);
  }

  private follow(): () => void {
    this.followers += 1;
    this.unfollow ??= this.feed.follow({
      onEvent: (envelope) => this.hear(envelope),
      // A snapshot follows; patches before it are of another.
      onStart: ({ recovered }) => (this.isCurrent &&= recovered === true),
      onGap: () => (this.isCurrent = false),
      onRefused: (error) => this.refused(error),
      onClosed: (error) => this.giveUpWaiting(error),
    });
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.followers -= 1;
      if (this.followers === 0) this.leave();
    };
  }

  /** In the next breath: components come and go in one. What was heard last is still shown. */
  private leave(): void {
    queueMicrotask(() => {
      if (this.followers > 0) return;
      this.unfollow?.();
      this.unfollow = undefined;
      // What others change from now on is not heard.
      this.isCurrent = false;
    });
  }

  private hear({ n, d, v, x }: Envelope): void {
    if (v === undefined) return;
    if (n === STATE_EVENTS.snapshot) this.begins(new ServerCopy(d as Fields, v));
    else if (n === STATE_EVENTS.patch && this.isCurrent) this.server!.apply(d as StatePatch, v);
    else return;
    const own = x === undefined ? undefined : this.edits.find(({ ids }) => ids.has(x));
    if (own !== undefined) this.committed(own, v);
    this.letGo();
    this.show();
    this.wake();
  }

  private covers(version: string | undefined): boolean {
    if (version === undefined) return false;
    return isAtLeast(this.server!.version, version) || !isSameLife(this.server!.version, version);
  }

  private begins(server: ServerCopy): void {
    this.server = server;
    this.isCurrent = true;
    for (const edit of this.edits) edit.isBlind ||= edit.ids.size > 0;
  }

  private giveUpWaiting(error: RealtimeError): void {
    const { waiters } = this;
    this.waiters = [];
    for (const { reject } of waiters) reject(error);
  }

  private refused(error: RealtimeError): void {
    this.giveUpWaiting(error);
    this.shown.set({ ...this.shown.value, error });
  }

  private show(error?: RealtimeError): void {
    const { shown, edits, server } = this;
    const isKnown = server !== undefined || edits.length > 0;
    const value = isKnown ? edits.reduce(showSafely, server?.fields ?? {}) : undefined;
    const kept = error ?? (edits.length > 0 ? shown.value.error : undefined);
    shown.set({
      value,
      version: server?.version,
      pending: edits.filter(({ committedAt }) => committedAt === undefined).length,
      ...(kept === undefined ? {} : { error: kept }),
    });
  }

  private until(isDue: () => boolean): Promise<void> {
    if (isDue()) return Promise.resolve();
    const { error } = this.feed.state.value;
    if (this.feed.state.value.status === 'failed' && error !== undefined) return Promise.reject(error);
    return new Promise((resolve, reject) => this.waiters.push({ isDue, resolve, reject }));
  }

  private wake(): void {
    const due = this.waiters.filter(({ isDue }) => isDue());
    this.waiters = this.waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve();
  }
}

/** A recipe may throw over what others have made of the document: it is then shown without. */
function showSafely(fields: Readonly<Fields>, edit: Edit): Fields {
  try {
    return edit.show(fields);
  } catch {
    return { ...fields };
  }
}
