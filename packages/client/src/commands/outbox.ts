import { type ErrorBody, RealtimeError, type Reply } from '@nestwire/protocol';
import { retryDelayMs } from '../connection/backoff.js';
import type { DebugLog } from '../debug-log.js';
import { outcomeUnknown } from '../errors.js';
import { Store } from '../observable.js';
import type { Link } from '../transports/link.js';
import { type Job, NOTHING, type StoredJob } from './job.js';
import type { JobStorage } from './job-storage.js';

/** What has waited is not to fail for coming all at once: so often it is sent again when the server says. */
const MAX_TOO_FAST = 5;

/** What was lost while the connection goes on, or cannot be taken now, is sent again after 0 to this, doubled each time; in milliseconds. */
export const RESEND = { baseMs: 200, maxMs: 5_000 };

interface Entry {
  readonly job: Job;
  seq: number;
  /** Waiting for its turn, or sent and not answered. */
  status: 'waiting' | 'sent';
  /** The scope of the connection over which this id was last sent; null where it was not. */
  scope: string | undefined | null;
  /** Sent so often with no answer. */
  tries: number;
  /** It had to wait for a connection. */
  hasWaited: boolean;
  /** How often the server has said that it takes no more for now. */
  tooFast: number;
  /** As it is kept beyond the page. */
  stored?: StoredJob;
  timer?: ReturnType<typeof setTimeout>;
  /** Ends the wait before it is sent again. */
  wake?: () => void;
}

const NEW = { status: 'waiting', scope: null, tries: 0, hasWaited: false, tooFast: 0 } as const;

/**
 * What is to be sent. With a connection each job goes at once; without, jobs are kept in order, and sent one after the other when there is one
 * again. A job whose answer was lost goes back to its place, and is sent again under the same id where the server still knows it by that.
 */
export class Outbox {
  /** Jobs that wait for a connection. */
  readonly queued = new Store(0);
  private entries: Entry[] = [];
  private link: Link | undefined;
  private nextSeq = 1;
  /** Jobs of before are sent first, one after the other. */
  private isDraining = false;
  private isLoaded: Promise<void> | undefined;

  constructor(
    private readonly limit: number,
    private readonly debug: DebugLog,
    private readonly storage?: Promise<JobStorage>,
  ) {}

  /** Takes up what an earlier page has left; `revive` makes a job of it. */
  load(revive: (stored: { id: string; command: string; data: unknown }) => Job): Promise<void> {
    this.isLoaded ??= this.revive(revive).catch((error: unknown) =>
      this.debug.add('queue', 'cannot be read', error),
    );
    return this.isLoaded;
  }

  /** @throws RealtimeError `too_large` where the queue is full. */
  add(job: Job): void {
    const isDirect = this.link !== undefined && !this.isDraining;
    if (!isDirect && this.waiting().length >= this.limit)
      throw new RealtimeError('too_large', `${this.limit} commands are waiting for a connection already`);
    const entry: Entry = { ...NEW, job, seq: this.nextSeq };
    this.nextSeq += 1;
    this.entries.push(entry);
    if (isDirect) void this.send(entry);
    else this.keep(entry);
  }

  /** Takes a job back; false where it is over. One that was sent may have run. */
  cancel(job: Job): boolean {
    const entry = this.entries.find((other) => other.job === job);
    if (entry !== undefined) this.remove(entry);
    return entry !== undefined;
  }

  onLink(link: Link): void {
    this.link = link;
    // What was on its way over a link that was left is answered over that.
    if (!this.isDraining) void this.drain();
  }

  onLost(): void {
    this.link = undefined;
  }

  /** Everything fails; what is stored is left for the next time. */
  close(error: RealtimeError): void {
    this.link = undefined;
    const { entries } = this;
    this.entries = [];
    for (const { job, scope, timer, wake } of entries) {
      clearTimeout(timer);
      wake?.();
      job.failed(scope === null ? error : outcomeUnknown(error.message, error));
    }
    this.count();
    this.store(async (storage) => storage.close());
  }

  private waiting(): Entry[] {
    return this.entries.filter(({ status }) => status === 'waiting');
  }

  private async drain(): Promise<void> {
    this.isDraining = true;
    if (this.isLoaded !== undefined) await this.isLoaded;
    for (let next = this.first(); next !== undefined; next = this.first()) await this.send(next);
    this.isDraining = false;
  }

  private first(): Entry | undefined {
    return this.link && this.entries.find(({ status }) => status === 'waiting');
  }

  /** Resolves when it is answered, or waits again. */
  private async send(entry: Entry): Promise<void> {
    const { job } = entry;
    const link = this.link!;
    entry.status = 'sent';
    this.count();
    try {
      if (entry.scope !== null && (entry.scope === undefined || entry.scope !== link.scope))
        this.forget(entry);
      if (!this.entries.includes(entry)) return;
      this.expire(entry);
      const data = await this.dataOf(entry);
      if (data === NOTHING) return this.remove(entry);
      entry.scope = link.scope;
      const command = { id: job.id, command: job.command, ...(data === undefined ? {} : { data }) };
      this.debug.add('command', `sending ${job.command}`, command);
      await this.answer(entry, await link.send(command));
    } catch (error) {
      await this.unanswered(entry, link, error);
    }
  }

  private async dataOf(entry: Entry): Promise<unknown> {
    try {
      return await entry.job.data();
    } catch (error) {
      entry.job.failed(error as Error);
      return NOTHING;
    }
  }

  private async answer(entry: Entry, reply: Reply): Promise<void> {
    if (!this.entries.includes(entry)) return;
    this.debug.add('command', `answer to ${entry.job.command}`, reply);
    if (!reply.ok && isStillRunning(reply.error))
      return this.again(entry, retryDelayMs(entry.tries, { ...RESEND, adviceMs: reply.error.retryAfterMs }));
    if (!reply.ok && isTooFast(entry, reply.error)) return this.later(entry, reply.error.retryAfterMs);
    const next = await entry.job.answered(reply);
    if (next === 'done') return this.remove(entry);
    entry.scope = null;
    return this.again(entry, next === 'again' ? 0 : next);
  }

  /** It did not run: its time-out begins anew with it. */
  private async later(entry: Entry, adviceMs: number | undefined): Promise<void> {
    entry.tooFast += 1;
    entry.scope = null;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    return this.again(entry, retryDelayMs(entry.tries, { ...RESEND, adviceMs }));
  }

  private async unanswered(entry: Entry, link: Link, error: unknown): Promise<void> {
    if (!this.entries.includes(entry)) return;
    this.debug.add('command', `no answer to ${entry.job.command}`, String(error));
    const { retryAfterMs: adviceMs } = error as { retryAfterMs?: number };
    return this.again(entry, link === this.link ? retryDelayMs(entry.tries, { ...RESEND, adviceMs }) : 0);
  }

  /** At the same place as before; at once where the connection is there. */
  private async again(entry: Entry, delayMs: number): Promise<void> {
    entry.tries += 1;
    if (delayMs > 0) await pause(entry, delayMs);
    if (!this.entries.includes(entry)) return;
    if (this.link !== undefined) return this.send(entry);
    entry.status = 'waiting';
    clearTimeout(entry.timer);
    entry.timer = undefined;
    this.keep(entry);
  }

  /** The server does not know by the id whether it ran: it must not simply be sent again. */
  private forget(entry: Entry): void {
    entry.scope = null;
    if (entry.job.lost !== undefined) return entry.job.lost();
    this.remove(entry);
    entry.job.failed(outcomeUnknown('the connection broke before the answer came'));
  }

  private expire(entry: Entry): void {
    const { job } = entry;
    if (job.timeoutMs === undefined) return;
    entry.timer ??= setTimeout(() => {
      this.remove(entry);
      job.failed(outcomeUnknown(`no answer came within ${job.timeoutMs} ms`));
    }, job.timeoutMs);
  }

  private remove(entry: Entry): void {
    clearTimeout(entry.timer);
    entry.wake?.();
    this.entries = this.entries.filter((other) => other !== entry);
    const { stored } = entry;
    if (stored !== undefined) this.store((storage) => storage.remove(stored));
    this.count();
  }

  private keep(entry: Entry): void {
    entry.hasWaited = true;
    this.count();
    if (entry.stored !== undefined || this.storage === undefined) return;
    const { id, command } = entry.job;
    const data = entry.job.stored?.() ?? entry.job.data();
    const stored = (entry.stored = { seq: entry.seq, id, command, data });
    this.store((storage) => storage.put(stored));
  }

  private store(write: (storage: JobStorage) => Promise<void>): void {
    const { storage } = this;
    if (storage === undefined) return;
    const done = (this.isLoaded ?? Promise.resolve()).then(async () => write(await storage));
    done.catch((error: unknown) => this.debug.add('queue', 'cannot be stored', error));
  }

  private async revive(
    revive: (stored: { id: string; command: string; data: unknown }) => Job,
  ): Promise<void> {
    const all = (await (await this.storage)?.load()) ?? [];
    const revived = all.map((stored): Entry => {
      const { seq } = stored;
      return { ...NEW, job: revive(stored), seq, hasWaited: true, stored };
    });
    const last = all.at(-1)?.seq ?? 0;
    // They are stored after this: see `store`.
    for (const entry of this.entries) {
      entry.seq += last;
      if (entry.stored !== undefined) entry.stored.seq = entry.seq;
    }
    this.entries = [...revived, ...this.entries];
    this.nextSeq += last;
    this.count();
  }

  private count(): void {
    this.queued.set(this.waiting().length);
  }
}

/** Waits before an entry is sent again, unless it is over. */
function pause(entry: Entry, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    entry.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** There is no answer yet: the same id is to be asked for again. */
function isStillRunning({ temporary, details }: ErrorBody): boolean {
  return temporary && (details as { outcome?: unknown } | undefined)?.outcome === 'unknown';
}

/** It was not run, and is sent again when the server says. */
function isTooFast({ hasWaited, tooFast }: Entry, { code }: ErrorBody): boolean {
  return hasWaited && tooFast < MAX_TOO_FAST && code === 'rate_limited';
}
