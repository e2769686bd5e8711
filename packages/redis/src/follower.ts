import type { FollowListener, Unfollow } from '@nestwire/realtime';
import type { Cluster } from 'ioredis';
import { parsePublished } from './entry-text.js';
import type { Keys } from './keys.js';
import type { RedisClients } from './redis-clients.js';

/** Subscribes to a channel in Redis only while somebody follows it, and again after the connection was away. */
export class Follower {
  private readonly listeners = new Map<string, Set<FollowListener>>();
  private readonly interrupted = new Set<() => void>();

  constructor(
    private readonly clients: RedisClients,
    private readonly keys: Keys,
    private readonly sharded: boolean,
    private readonly report: (error: unknown) => void,
  ) {
    clients.subscriber.on(sharded ? 'smessage' : 'message', (key: string, message: string) =>
      this.receive(key, message),
    );
    clients.onAvailability((availability) => {
      if (availability === 'available') void this.resubscribe();
    });
  }

  async follow(channel: string, listener: FollowListener): Promise<Unfollow> {
    const key = this.keys.live(channel);
    const own: FollowListener = (entries) => listener(entries);
    const listeners = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, listeners.add(own));
    const unfollow = (): void => this.unfollow(key, own);
    try {
      await this.clients.attempt(() => this.subscribe([key]));
    } catch (error) {
      unfollow();
      throw error;
    }
    return unfollow;
  }

  /** Is told after each time that messages may have been missed. */
  onInterrupted(listener: () => void): Unfollow {
    this.interrupted.add(listener);
    return () => void this.interrupted.delete(listener);
  }

  private unfollow(key: string, listener: FollowListener): void {
    const listeners = this.listeners.get(key);
    listeners?.delete(listener);
    if (listeners === undefined || listeners.size > 0) return;
    this.listeners.delete(key);
    const { subscriber } = this.clients;
    // Where the connection is away, so is the subscription.
    (this.sharded ? subscriber.sunsubscribe(key) : subscriber.unsubscribe(key)).catch(() => undefined);
  }

  private async subscribe(keys: readonly string[]): Promise<void> {
    const { subscriber } = this.clients;
    if (!this.sharded) await subscriber.subscribe(...keys);
    // One slot per command.
    else await Promise.all(keys.map((key) => (subscriber as Cluster).ssubscribe(key)));
  }

  private async resubscribe(): Promise<void> {
    try {
      const keys = [...this.listeners.keys()];
      for (let i = 0; i < keys.length; i += 500)
        await this.clients.attempt(() => this.subscribe(keys.slice(i, i + 500)));
    } catch (error) {
      return this.report(error);
    }
    for (const listener of this.interrupted) listener();
  }

  private receive(key: string, message: string): void {
    const listeners = this.listeners.get(key);
    if (listeners === undefined) return;
    try {
      const entries = parsePublished(message);
      for (const listener of listeners) listener(entries);
    } catch (error) {
      this.report(error);
    }
  }
}
