export interface SubscriptionsListener {
  received(key: string, message: string): void;
  /** What `isWhole` says may have changed. */
  changed(): void;
  /** Messages may have been missed; everything is subscribed again now. */
  restored(): void;
  failed(error: unknown): void;
}

/** What this node listens to in Redis. It is subscribed for as long as it is wanted, whatever becomes of connections. */
export interface Subscriptions {
  /** True where everything that is wanted was subscribed before, and still is. */
  readonly isWhole: boolean;
  /** Resolves when the server has confirmed it, however long that takes; never where it is no longer wanted before that. */
  subscribe(key: string): Promise<void>;
  unsubscribe(key: string): void;
  connect(): void;
  close(): Promise<void>;
}
