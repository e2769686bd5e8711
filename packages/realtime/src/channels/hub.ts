import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type CloseCode, RealtimeError } from '@nestwire/protocol';
import type { Backend } from '../backend/backend.js';
import type { LogEntry } from '../backend/event-log.js';
import { Counters } from '../observability/counters.js';
import { ErrorReporter } from '../observability/error-reporter.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_BACKEND, REALTIME_OPTIONS } from '../realtime.tokens.js';
import { backoff } from '../backoff.js';
import { sessionChannel } from '../sessions/followed-channels.js';
import { BackendClock } from './backend-clock.js';
import { PolicyRegistry } from './policy-registry.js';
import { ReplayedBatches } from './replayed-batches.js';
import { Round } from './round.js';
import { TailBudget } from './tail-budget.js';
import { Topic, type TopicHost } from './topic.js';

/** Audiences that are behind are told so at most this often, in milliseconds. */
const SILENT_INTERVAL_MS = 1_000;
/** Each followed channel's position is compared with the log's about this often, in milliseconds; jittered by a half. */
const CHECK_INTERVAL_MS = 20_000;
/** So much of the bytes of all tails may be one that is read from the log: others are not pushed out for it. */
const MAX_FILL_SHARE = 1 / 8;

const CATCH_UP_AT_ONCE = 200;

/** The channels that somebody on this node listens to, and the tick that brings them what is new. */
@Injectable()
export class Hub implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly topics = new Map<string, Topic>();
  private readonly budget: TailBudget;
  private readonly host: TopicHost;
  private readonly replayed = new ReplayedBatches();
  /** Is told of sessions whose connections are to be closed, on whichever node that was decided. */
  onSessionChanged: ((sid: string, code: CloseCode) => void) | undefined;
  /** Is given what else comes on a session's own channel. */
  onSessionNote: ((sid: string, entry: LogEntry) => void) | undefined;
  /** Looks up what happened to a session, where that cannot be had from its channel. */
  onSessionUnsure: ((sid: string) => Promise<void>) | undefined;
  /** Nothing but what sessions are told of is delivered; counted, so that only the last who holds lets go. */
  private held = 0;
  private holds = 0;
  private unsure: Promise<void>[] = [];
  /** Replays that go on when nothing is held. */
  private readonly waiting = new Set<() => void>();
  private dirty = new Set<Topic>();
  private silent = new Set<Topic>();
  private scheduled = false;
  private silentTimer: NodeJS.Timeout | undefined;
  private checkTimer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(REALTIME_BACKEND) backend: Backend,
    @Inject(REALTIME_OPTIONS) options: ResolvedOptions,
    private readonly policies: PolicyRegistry,
    private readonly errors: ErrorReporter,
    counters: Counters,
  ) {
    this.budget = new TailBudget(options.limits.maxTailBytes);
    this.host = {
      log: backend.log,
      counters,
      clock: new BackendClock(),
      replayed: this.replayed,
      maxFillBytes: Math.ceil(options.limits.maxTailBytes * MAX_FILL_SHARE),
      schedule: (topic) => this.schedule(topic),
      scheduleSilent: (topic) => this.scheduleSilent(topic),
      isHeld: () => this.held !== 0,
      onRelease: (resume) => this.onRelease(resume),
      sessionChanged: (sid, code) => this.onSessionChanged?.(sid, code),
      sessionNoted: (sid, entry) => this.onSessionNote?.(sid, entry),
      sessionUnsure: (sid) => this.lookUp(sid),
      touched: (tail) => this.budget.touch(tail),
      report: (error, channel) => this.report(error, channel),
    };
  }

  onApplicationBootstrap(): void {
    this.checkTimer = setInterval(() => this.checkSome(), 1_000).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.checkTimer);
    clearTimeout(this.silentTimer);
  }

  /** The channel's topic, followed in the backend for as long as somebody holds it. Give it back with {@link release}. */
  async acquire(channel: string): Promise<Topic> {
    let topic = this.topics.get(channel);
    if (topic === undefined) this.topics.set(channel, (topic = this.open(channel)));
    topic.users += 1;
    try {
      await topic.ready;
      return topic;
    } catch (error) {
      this.release(topic);
      throw error;
    }
  }

  release(topic: Topic): void {
    topic.users -= 1;
    if (topic.users > 0) return;
    topic.close();
    this.budget.forget(topic.tail);
    this.dirty.delete(topic);
    this.silent.delete(topic);
    if (this.topics.get(topic.name) === topic) this.topics.delete(topic.name);
  }

  /** Number of channels that are followed. */
  get size(): number {
    return this.topics.size;
  }

  /** What their tails take, in bytes. */
  get tailBytes(): number {
    return this.budget.bytes;
  }

  private open(channel: string): Topic {
    return new Topic(channel, this.policies.historyOf(channel), this.host);
  }

  private schedule(topic: Topic): void {
    this.dirty.add(topic);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.tick());
  }

  private tick(): void {
    this.scheduled = false;
    const dirty = [...this.dirty].filter((topic) => this.mayDeliver(topic));
    for (const topic of dirty) this.dirty.delete(topic);
    const round = new Round();
    for (const topic of dirty) this.flush(topic, round);
    round.deliver();
  }

  /** A fault of one channel is not the others'. */
  private flush(topic: Topic, round: Round): void {
    try {
      if (topic.flush(round)) this.schedule(topic);
    } catch (error) {
      this.report(error, topic.name);
    }
  }

  private scheduleSilent(topic: Topic): void {
    this.silent.add(topic);
    this.silentTimer ??= setTimeout(() => this.tickSilent(), SILENT_INTERVAL_MS).unref();
  }

  private tickSilent(): void {
    this.silentTimer = undefined;
    const silent = this.silent;
    this.silent = new Set();
    const round = new Round();
    for (const topic of silent) topic.flushSilent(round);
    round.deliver();
  }

  /**
   * Entries may have been missed on any channel: each is looked at, some at a time, and brought up to its log. False where the backend has
   * gone again meanwhile, or more may have been missed: that will be caught up with by a call of its own.
   */
  async catchUp(): Promise<boolean> {
    const mine = this.hold();
    const isLast = (): boolean => mine === this.holds;
    const topics = [...this.topics.values()];
    await this.readRevocations(
      topics.filter(({ session }) => session !== undefined),
      isLast,
    );
    if (isLast()) this.letGo();
    await this.catchUpOn(
      topics.filter(({ session }) => session === undefined),
      isLast,
    );
    return isLast();
  }

  /**
   * From now on nothing is delivered until {@link catchUp} has read which sessions were revoked meanwhile, for a node that is cut off from
   * the backend does not hear of it.
   */
  hold(): number {
    this.holds += 1;
    return (this.held = this.holds);
  }

  private letGo(): void {
    this.held = 0;
    for (const topic of this.dirty) this.schedule(topic);
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const resume of waiting) resume();
  }

  private onRelease(resume: () => void): () => void {
    this.waiting.add(resume);
    return () => void this.waiting.delete(resume);
  }

  private mayDeliver({ session }: Topic): boolean {
    return this.held === 0 || session !== undefined;
  }

  /** Until all that is there has been read: whoever was revoked gets nothing more. */
  private async readRevocations(sessions: readonly Topic[], isWanted: () => boolean): Promise<void> {
    await this.catchUpOn(sessions, isWanted);
    while ([...this.dirty].some(({ session }) => session !== undefined)) this.tick();
    while (this.unsure.length > 0) await Promise.all(this.unsure.splice(0));
  }

  private lookUp(sid: string): void {
    const review = async (): Promise<void> => this.onSessionUnsure?.(sid);
    const reviewed = review().catch((error: unknown) => this.report(error, sessionChannel(sid)));
    if (this.held > 0) this.unsure.push(reviewed);
  }

  /** Again with those that could not be looked at, until all were. */
  private async catchUpOn(topics: readonly Topic[], isWanted: () => boolean): Promise<void> {
    const wait = backoff();
    let rest = topics;
    while (rest.length > 0 && isWanted()) {
      const failed = await this.lookAt(rest);
      rest = failed.filter((topic) => this.topics.get(topic.name) === topic);
      if (rest.length > 0) await wait();
    }
  }

  /**
   * Answers with those that could not be looked at, and may be at another try. What a session was told must have been read, whatever is
   * wrong with it.
   */
  private async lookAt(topics: readonly Topic[]): Promise<Topic[]> {
    const failed: Topic[] = [];
    for (let i = 0; i < topics.length; i += CATCH_UP_AT_ONCE) {
      const some = topics.slice(i, i + CATCH_UP_AT_ONCE);
      await Promise.all(
        some.map((topic) =>
          topic.catchUp().catch((error: unknown) => {
            if (topic.session !== undefined || isTemporary(error)) failed.push(topic);
            this.report(error, topic.name);
          }),
        ),
      );
    }
    return failed;
  }

  /** While nothing is delivered all channels are still to be looked at, by {@link catchUp}. */
  private checkSome(): void {
    this.replayed.clear();
    if (this.held !== 0) return;
    const now = performance.now();
    for (const topic of this.topics.values()) {
      topic.checkAt ??= now + CHECK_INTERVAL_MS * (0.5 + Math.random());
      if (now < topic.checkAt) continue;
      topic.checkAt = undefined;
      this.check(topic);
    }
  }

  private check(topic: Topic): void {
    topic.check().catch((error: unknown) => this.report(error, topic.name));
  }

  /** That the backend is away is told once, not for each channel. */
  private report(error: unknown, channel: string): void {
    const isKnown = this.held !== 0 && error instanceof RealtimeError && error.code === 'unavailable';
    if (!isKnown) this.errors.report(error, { during: 'backend', channel });
  }
}

function isTemporary(error: unknown): boolean {
  return error instanceof RealtimeError && error.temporary;
}
