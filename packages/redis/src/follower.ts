import type { FollowListener, Unfollow } from '@nestwire/realtime';
import { parsePublished } from './entry-text.js';
import type { RedisClients } from './connections/redis-clients.js';
import type { Keys } from './keys.js';
import { unavailable } from './redis-errors.js';

/** Hands on what is published to those who follow a channel; one is subscribed to in Redis only while somebody does. */
export class Follower {
  private readonly listeners = new Map<string, Set<FollowListener>>();

  constructor(
    private readonly clients: RedisClients,
    private readonly keys: Keys,
    private readonly timeoutMs: number,
    private readonly report: (error: unknown) => void,
  ) {
    clients.onMessage((key, message) => this.receive(key, message));
  }

  async follow(channel: string, listener: FollowListener): Promise<Unfollow> {
    const key = this.keys.live(channel);
    const own: FollowListener = (entries) => listener(entries);
    const listeners = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, listeners.add(own));
    const unfollow = (): void => this.unfollow(key, own);
    try {
      await this.subscribed(key);
    } catch (error) {
      unfollow();
      throw error;
    }
    return unfollow;
  }

  private unfollow(key: string, listener: FollowListener): void {
    const listeners = this.listeners.get(key);
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.listeners.delete(key);
    this.clients.subscriptions.unsubscribe(key);
  }

  private subscribed(key: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(unavailable(false)), this.timeoutMs);
      void this.clients.subscriptions.subscribe(key).then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
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
