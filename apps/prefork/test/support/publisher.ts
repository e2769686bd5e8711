import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import type { SequenceChecker } from '@nestwire/testing';

const HISTORY = { size: 1_000, ttlMs: 60_000 };

/** Publishes from outside of all workers, and tells a checker what was acknowledged. */
export class Publisher implements AsyncDisposable {
  private constructor(
    private readonly backend: Backend,
    private readonly channel: string,
    private readonly checker: SequenceChecker,
  ) {}

  static async start(redisUrl: string, channel: string, checker: SequenceChecker): Promise<Publisher> {
    const backend = redisBackend({ url: redisUrl });
    await backend.start();
    return new Publisher(backend, channel, checker);
  }

  /** Answers with the offset. */
  async publish(): Promise<number> {
    const id = randomUUID();
    const event = { event: 'news', data: JSON.stringify({ id }), operationId: id };
    const [appended] = await this.backend.log.append(this.channel, [event], HISTORY);
    const { offset } = appended!.position;
    this.checker.published(this.channel, offset, id);
    return offset;
  }

  /** Publishes all the time while the work is done; answers with the last offset. */
  async during(work: () => Promise<unknown>): Promise<number> {
    const done = new AbortController();
    const publishing = (async () => {
      while (!done.signal.aborted) {
        await this.publish();
        await sleep(10);
      }
    })();
    try {
      await work();
    } finally {
      done.abort();
      await publishing;
    }
    return this.publish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend.stop();
  }
}
