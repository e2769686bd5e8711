import { COMMANDS } from '@nestwire/protocol';
import { newId } from '../command-id.js';
import type { ResolvedOptions } from '../options.js';
import type { Link } from '../transports/link.js';

/** A connection that misses so many in a row is dead. */
const MAX_MISSED = 2;

interface HeartbeatListener {
  onAnswer(roundTripMs: number): void;
  onMissed(): void;
  /** Nothing is answered any more, though the connection looks open. */
  onDead(): void;
}

/** Asks the server for a sign of life from time to time: a half-open connection says nothing by itself. */
export class Heartbeat {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lateTimer: ReturnType<typeof setTimeout> | undefined;
  private link: Link | undefined;
  private isAsking = false;
  private missed = 0;

  constructor(
    private readonly options: Pick<ResolvedOptions, 'heartbeatMs' | 'heartbeatTimeoutMs'>,
    private readonly listener: HeartbeatListener,
  ) {}

  start(link: Link): void {
    this.stop();
    this.link = link;
    void this.ask(link);
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.lateTimer);
    this.link = undefined;
    this.missed = 0;
    this.isAsking = false;
  }

  /** Asks now: the page was asleep. */
  check(): void {
    if (this.link !== undefined && !this.isAsking) void this.ask(this.link);
  }

  private async ask(link: Link): Promise<void> {
    clearTimeout(this.timer);
    this.isAsking = true;
    const sentAt = performance.now();
    const isAnswered = await this.answer(link);
    if (link !== this.link) return;
    this.isAsking = false;
    this.missed = isAnswered ? 0 : this.missed + 1;
    if (isAnswered) this.listener.onAnswer(performance.now() - sentAt);
    else this.listener.onMissed();
    if (this.missed >= MAX_MISSED) return this.listener.onDead();
    // After a miss at once: whoever waits for another interval notices late.
    this.timer = setTimeout(() => void this.ask(link), isAnswered ? this.options.heartbeatMs : 0);
  }

  private answer(link: Link): Promise<boolean> {
    const late = new Promise<boolean>((resolve) => {
      this.lateTimer = setTimeout(() => resolve(false), this.options.heartbeatTimeoutMs);
    });
    const timer = this.lateTimer;
    // Any answer is a sign of life, an error too; a request that was lost is none, and the time-out says so.
    const answer = link.send({ id: newId(), command: COMMANDS.heartbeat }).then(
      () => true,
      () => late,
    );
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }
}
