import type { History } from '../event-log.js';
import type { Clock } from '../../clock.js';
import { MemoryChannel } from './memory-channel.js';

/** How long a log that nobody follows or uses keeps its epoch: longer than entries and idempotency records live. */
const IDLE_TTL_MS = 60 * 60_000;
const SWEEP_INTERVAL_MS = 10_000;

/** All channels of a backend in memory, and the broom that sweeps out what is idle. */
export class MemoryChannels {
  private readonly channels = new Map<string, { channel: MemoryChannel; history?: History }>();
  private timer: NodeJS.Timeout | undefined;
  private nodes = 0;

  constructor(readonly clock: Clock) {}

  /** The channel, born here where there was none. */
  of(name: string, history?: History): MemoryChannel {
    let known = this.channels.get(name);
    if (known === undefined) this.channels.set(name, (known = { channel: new MemoryChannel(this.clock) }));
    if (history !== undefined) known.history = history;
    return known.channel;
  }

  peek(name: string): MemoryChannel | undefined {
    return this.channels.get(name)?.channel;
  }

  /** Once for each node that shares it. */
  start(): void {
    this.nodes += 1;
    this.timer ??= setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  /** The last node that stops takes the broom away. */
  stop(): void {
    this.nodes -= 1;
    if (this.nodes > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Frees expired entries of idle channels, and channels that nobody has used for an hour and that hold no document. */
  sweep(): void {
    const idleSince = this.clock.monotonic() - IDLE_TTL_MS;
    for (const [name, { channel, history }] of this.channels) {
      if (history !== undefined) channel.trim(history);
      const historyOver = channel.usedAt + (history?.ttlMs ?? 0) < idleSince;
      const isEmpty = channel.fields.size === 0 && channel.upkeep.removed === undefined;
      if (historyOver && channel.followers.size === 0 && isEmpty) this.channels.delete(name);
    }
  }
}
