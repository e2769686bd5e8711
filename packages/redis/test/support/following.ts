import { waitFor } from '@nestwire/harness';
import type { Backend, LogEntry } from '@nestwire/realtime';
import { anEvent, KEEP } from './log.js';

/** What a follower of a channel was handed: offsets, each once, in order. */
export class Following {
  private readonly offsets = new Set<number>();

  private constructor(
    private readonly backend: Backend,
    private readonly channel: string,
  ) {}

  static async start(backend: Backend, channel: string): Promise<Following> {
    const following = new Following(backend, channel);
    await backend.log.follow(channel, (entries: readonly LogEntry[]) => {
      for (const { offset } of entries) following.offsets.add(offset);
    });
    return following;
  }

  /** Appends, and waits until it was handed over; messages are lost while connections change, so it may take several. */
  async hears(publisher: Backend, timeoutMs = 15_000): Promise<void> {
    const append = async () => {
      const [{ position } = { position: undefined }] = await publisher.log.append(
        this.channel,
        [anEvent()],
        KEEP,
      );
      return position!.offset;
    };
    await waitFor(
      async () => {
        const offset = await append().catch(() => 0);
        return waitFor(() => this.offsets.has(offset), { timeoutMs: 300 });
      },
      { timeoutMs, what: `${this.channel} to be heard` },
    );
  }
}
