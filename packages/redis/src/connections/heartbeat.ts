import type { Redis } from 'ioredis';

/**
 * Finds out that the other side of a connection has vanished without a word, or hangs, and tears the connection down, so that it is made
 * anew. A process that was busy for so long itself reads first what has arrived meanwhile.
 */
export class Heartbeat {
  private readonly timer: NodeJS.Timeout;
  private asked: { at: number } | undefined;

  constructor(
    private readonly client: Redis,
    private readonly patienceMs: number,
  ) {
    this.timer = setInterval(() => this.beat(), patienceMs / 2).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private beat(): void {
    if (this.client.status !== 'ready') this.asked = undefined;
    else if (this.asked === undefined) this.ask();
    else if (performance.now() - this.asked.at > this.patienceMs) this.giveUp(this.asked);
  }

  private ask(): void {
    const asked = { at: performance.now() };
    const forget = (): void => {
      if (this.asked === asked) this.asked = undefined;
    };
    this.asked = asked;
    // Any answer will do.
    this.client.ping().then(forget, forget);
  }

  private giveUp(asked: object): void {
    setImmediate(() => {
      if (this.asked === asked) this.client.stream.destroy(new Error('Redis says nothing'));
    });
  }
}
