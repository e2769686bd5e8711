import { DebugLog } from '../../src/debug-log.js';
import { Store } from '../../src/observable.js';
import type {
  ChannelState,
  CommandOptions,
  ConnectionState,
  Quality,
  RealtimeClient,
  StateSnapshot,
} from '../../src/index.js';

type Listener = (...args: never[]) => void;

/** A channel that hears what the test says, and counts who listens. */
export class FakeChannel {
  readonly state = new Store<ChannelState>({ status: 'idle' });
  /** Each listener that was ever added, by its event. */
  readonly added: string[] = [];
  private readonly listeners = new Set<{ name: string; listener: Listener }>();

  on(name: string, listener: Listener): () => void {
    const entry = { name, listener };
    this.added.push(name);
    this.listeners.add(entry);
    return () => this.listeners.delete(entry);
  }

  get heard(): string[] {
    return [...this.listeners].map(({ name }) => name);
  }

  tell(name: string, ...args: unknown[]): void {
    for (const entry of this.listeners) if (entry.name === name) entry.listener(...(args as never[]));
  }
}

/** A document whose snapshots the test sets. */
export class FakeDocument {
  readonly snapshots = new Store<StateSnapshot<object>>({ value: undefined, version: undefined, pending: 0 });
  readonly sets: object[] = [];
  readonly recipes: unknown[] = [];
  followers = 0;
  readonly getSnapshot = this.snapshots.getSnapshot;

  readonly subscribe = (listener: (snapshot: StateSnapshot<object>) => void): (() => void) => {
    this.followers += 1;
    const end = this.snapshots.subscribe(listener);
    return () => {
      this.followers -= 1;
      end();
    };
  };

  async set(fields: object): Promise<{ version: string }> {
    this.sets.push(fields);
    return { version: 'e-1' };
  }

  async update(recipe: unknown): Promise<{ version: string }> {
    this.recipes.push(recipe);
    return { version: 'e-2' };
  }
}

/** One call of `client.command`, which the test answers. */
export interface FakeCall {
  readonly name: string;
  readonly data: unknown;
  readonly options: CommandOptions | undefined;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The client's interface without a network, made of the real observables: for what the hooks themselves must do. */
export class FakeClient {
  readonly connection = new Store<ConnectionState>({
    status: 'disconnected',
    reason: 'idle',
    attempt: 0,
    degraded: false,
  });
  readonly quality = new Store<Quality>('offline');
  readonly queued = new Store(0);
  readonly debug = new DebugLog();
  readonly calls: FakeCall[] = [];
  private readonly channels = new Map<string, FakeChannel>();
  private readonly documents = new Map<string, FakeDocument>();

  /** As hooks and providers take it. */
  get asClient(): RealtimeClient {
    return this as unknown as RealtimeClient;
  }

  channel(name: string): FakeChannel {
    return getOrAdd(this.channels, name, () => new FakeChannel());
  }

  state(id: string): FakeDocument {
    return getOrAdd(this.documents, id, () => new FakeDocument());
  }

  command(name: string, data?: unknown, options?: CommandOptions): Promise<unknown> {
    return new Promise((resolve, reject) => this.calls.push({ name, data, options, resolve, reject }));
  }
}

function getOrAdd<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
