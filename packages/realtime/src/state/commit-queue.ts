import type { CommitOutcome, CommitRequest } from '../backend/document-store.js';
import { CommitWindow } from './commit-window.js';

interface QueueHost {
  /** Most bytes of one window. */
  readonly maxBytes: number;
  commit(request: CommitRequest): Promise<CommitOutcome>;
  /** Nothing waits, and nothing is under way. */
  onIdle(): void;
}

interface Turn {
  readonly window: CommitWindow;
  /** Gathers no more: it is committed when those before it have been. */
  isDue: boolean;
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
    if (last !== undefined && !last.isDue && last.window.accepts(request)) return last;
    const turn: Turn = { window: new CommitWindow(this.host.maxBytes), isDue: false, timer: undefined };
    this.turns.push(turn);
    if (last !== undefined) this.due(last);
    turn.timer = setTimeout(() => this.due(turn), windowMs);
    return turn;
  }

  private due(turn: Turn): void {
    clearTimeout(turn.timer);
    turn.isDue = true;
    this.running ??= this.run();
  }

  private async run(): Promise<void> {
    while (this.turns[0]?.isDue) await this.turns.shift()!.window.run((request) => this.host.commit(request));
    this.running = undefined;
    if (this.turns.length === 0) this.host.onIdle();
  }
}
