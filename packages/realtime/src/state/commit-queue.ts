import { RealtimeError } from '@nestwire/protocol';
import type { CommitOutcome, CommitRequest } from '../backend/document-store.js';
import { CommitWindow } from './commit-window.js';

interface QueueHost {
  /** Most bytes of one window. */
  readonly maxBytes: number;
  commit(request: CommitRequest): Promise<CommitOutcome>;
  /** A window is not committed: the one before it has waited in vain. */
  onGivenUp(error: RealtimeError): void;
  /** Nothing waits, and nothing is under way. */
  onIdle(): void;
}

interface Turn {
  readonly window: CommitWindow;
  /** Since then, by `performance.now()`, it gathers no more: it is committed when those before it have been. */
  dueAt: number | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** The windows of one document: they are committed one after another, so that a node's patches keep their order. */
export class CommitQueue {
  private readonly turns: Turn[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly host: QueueHost) {}

  /** Commits the patch with the others of its window, which lasts so long from the first of them. */
  add(request: CommitRequest, windowMs: number): Promise<CommitOutcome> {
    const turn = this.turnFor(request, windowMs);
    const outcome = turn.window.add(request);
    // Nothing else may join it, so that there is nothing to wait for.
    if (request.ifVersion !== undefined || windowMs === 0) this.due(turn);
    return outcome;
  }

  /** Commits what waits; resolves when it has been settled. */
  async flush(): Promise<void> {
    for (const turn of this.turns) this.due(turn);
    await this.running;
  }

  private turnFor(request: CommitRequest, windowMs: number): Turn {
    const last = this.turns.at(-1);
    if (last !== undefined && last.dueAt === undefined && last.window.accepts(request)) return last;
    const turn: Turn = {
      window: new CommitWindow(this.host.maxBytes),
      dueAt: undefined,
      timer: undefined,
    };
    this.turns.push(turn);
    if (last !== undefined) this.due(last);
    turn.timer = setTimeout(() => this.due(turn), windowMs);
    return turn;
  }

  private due(turn: Turn): void {
    clearTimeout(turn.timer);
    turn.dueAt ??= performance.now();
    this.running ??= this.run();
  }

  private async run(): Promise<void> {
    while (this.turns[0]?.dueAt !== undefined) await this.take(this.turns.shift()!);
    this.running = undefined;
    if (this.turns.length === 0) this.host.onIdle();
  }

  private async take({ window }: Turn): Promise<void> {
    const began = performance.now();
    let unavailable: unknown;
    await window.run((request) =>
      this.host.commit(request).catch((error: unknown) => {
        if (isUnavailable(error)) unavailable = error;
        throw error;
      }),
    );
    if (unavailable !== undefined) this.giveUp(began + (performance.now() - began) / 2, unavailable);
  }

  /** Where the backend was away for as long as a commit may wait, those give up that have waited for most of that behind it. */
  private giveUp(dueBefore: number, cause: unknown): void {
    const error = new RealtimeError('unavailable', 'the backend cannot be reached', { cause });
    while ((this.turns[0]?.dueAt ?? Infinity) < dueBefore) {
      this.turns.shift()!.window.fail(error);
      this.host.onGivenUp(error);
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof RealtimeError && error.code === 'unavailable';
}
