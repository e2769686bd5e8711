import { type WebLockOptions, webLocks } from '../environment.js';

/** What tabs share. Its own interface, so that it can be had without a browser. */
export interface TabPlatform {
  /** As `navigator.locks.request`. Rejects where the lock is stolen, or the wait is given up. */
  lock(name: string, options: WebLockOptions, hold: () => Promise<void>): Promise<void>;
  /** As `BroadcastChannel`. */
  open(name: string, onMessage?: (data: unknown) => void): TabPort;
}

export interface TabPort {
  post(message: unknown): void;
  close(): void;
}

export const browserPlatform: TabPlatform = {
  async lock(name, options, hold) {
    await webLocks()!.request(name, options, hold);
  },
  open(name, onMessage) {
    const channel = new BroadcastChannel(name);
    if (onMessage !== undefined)
      channel.addEventListener('message', (event: unknown) => onMessage((event as { data: unknown }).data));
    return {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's; this channel has one origin
      post: (message) => channel.postMessage(message),
      close: () => channel.close(),
    };
  },
};
