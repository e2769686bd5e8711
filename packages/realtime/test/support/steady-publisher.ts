import { setImmediate as turn } from 'node:timers/promises';
import type { RealtimeBroadcaster } from '../../src/index.js';

/** Publishes `{ n: 1 }`, `{ n: 2 }` … to a channel, some in every turn of the event loop, until it is stopped. */
export class SteadyPublisher implements AsyncDisposable {
  count = 0;
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(
    private readonly realtime: RealtimeBroadcaster,
    private readonly channel: string,
    private readonly perTurn = 3,
  ) {
    this.running = this.run();
  }

  /** Answers how many events there were. */
  async stop(): Promise<number> {
    this.stopped = true;
    await this.running;
    return this.count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      for (let i = 0; i < this.perTurn; i += 1) {
        await this.realtime.publish(this.channel, 'counted', { n: this.count + 1 });
        this.count += 1;
      }
      await turn();
    }
  }
}
