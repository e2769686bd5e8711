import {
  COMMANDS,
  MAX_CHANNEL_NAME_LENGTH,
  RealtimeError,
  RESERVED_CHANNEL_PREFIXES,
} from '@nestwire/protocol';
import { ClientChannel } from './channels/channel.js';
import { Hub } from './channels/hub.js';
import type { CommandOptions, RealtimeClient } from './client.types.js';
import { Commands, revivedJob } from './commands/commands.js';
import type { Job } from './commands/job.js';
import { Outbox } from './commands/outbox.js';
import { type Connection, Connector, type Traffic } from './connection/connector.js';
import { LaterConnection } from './connection/later-connection.js';
import type { Quality } from './connection/quality.js';
import type { Upkeep } from './connection/upkeep.js';
import { DebugLog } from './debug-log.js';
import { environment } from './environment.js';
import { toError } from './errors.js';
import { Store } from './observable.js';
import { type RealtimeClientOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { ClientDocument } from './state/document.js';
import type { StateOptions } from './state/document.types.js';
import type { Link } from './transports/link.js';

/**
 * Makes a client. It connects when it is first used, or with `connect()`.
 * @throws RealtimeError `bad_request` where an option is unknown, or its value is not one.
 */
export function createRealtimeClient(options: RealtimeClientOptions = {}): RealtimeClient {
  return new Client(resolveOptions(options)) as unknown as RealtimeClient;
}

/** Puts the parts together. */
class Client {
  readonly debug = new DebugLog();
  readonly quality = new Store<Quality>('offline');
  private readonly hub: Hub;
  private readonly connector: Connection;
  private readonly outbox: Outbox;
  private readonly commands: Commands;
  /** Loaded with the first transport. */
  private upkeep: Upkeep | undefined;
  private readonly channels = new Map<string, ClientChannel>();
  private readonly documents = new Map<string, ClientDocument>();
  private readonly unwatch: () => void;
  private isClosed = false;

  constructor(private readonly options: ResolvedOptions) {
    const { queue, commandTimeoutMs } = options;
    this.hub = new Hub(
      () => this.wake(),
      () => this.connector.follow(),
    );
    const storage =
      queue.storage === 'indexeddb'
        ? import('./commands/job-storage.js').then(({ indexedDbStorage }) => indexedDbStorage(queue))
        : undefined;
    this.outbox = new Outbox(queue.limit, this.debug, storage);
    this.commands = new Commands(this.outbox, commandTimeoutMs, () => this.wake());
    this.connector = this.connectionOf(this.traffic());
    this.unwatch = environment.watch((wake) => wake !== 'offline' && this.upkeep?.check());
    this.quality.subscribe((quality) => this.debug.add('quality', quality));
    if (storage !== undefined) void this.outbox.load((stored) => this.revive(stored));
  }

  get connection(): Connection['state'] {
    return this.connector.state;
  }

  get queued(): Outbox['queued'] {
    return this.outbox.queued;
  }

  channel(name: string): ClientChannel {
    let channel = this.channels.get(name);
    if (channel === undefined) {
      channel = new ClientChannel(this.hub.feed(name), (command, data) => this.command(command, data));
      this.channels.set(name, channel);
    }
    return channel;
  }

  async command(name: string, data?: unknown, options?: CommandOptions): Promise<unknown> {
    this.assertOpen();
    return this.commands.run(name, data, options);
  }

  state(id: string, { conflict }: StateOptions<Record<string, unknown>> = {}): ClientDocument {
    const channel = RESERVED_CHANNEL_PREFIXES.state + id;
    let document = this.documents.get(id);
    if (document === undefined) {
      if (id === '' || id.startsWith('$') || channel.length > MAX_CHANNEL_NAME_LENGTH)
        throw new RealtimeError('bad_request', `${JSON.stringify(id)} is no document's id`);
      document = new ClientDocument(id, this.hub.feed(channel), this.outbox, conflict);
      this.documents.set(id, document);
    }
    return document;
  }

  connect(): void {
    this.assertOpen();
    this.connector.connect();
  }

  disconnect(): void {
    this.connector.disconnect();
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.unwatch();
    this.connector.disconnect();
    this.outbox.close(closedError());
    this.hub.close(closedError());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private connectionOf(own: Traffic): Connection {
    const { options, debug } = this;
    const connect = (traffic: Traffic, state?: Connection['state']): Connector =>
      new Connector(options, traffic, debug, environment, state);
    if (!options.tabs || !environment.hasTabs()) return connect(own);
    return new LaterConnection(
      async (state) => {
        const [{ shareConnection }] = await Promise.all([import('./tabs/index.js'), own.prepare()]);
        return shareConnection({ options, state, traffic: own, debug, environment, connect, toError });
      },
      (state) => connect(own, state),
    );
  }

  private traffic(): Traffic {
    const { hub } = this;
    return {
      positions: hub.positions,
      wanted: () => hub.wanted(),
      onStart: (channel, outcome) => {
        this.debug.add('channel', channel, outcome);
        hub.onStart(channel, outcome);
      },
      onEvents: (envelopes, positions) => hub.onEvents(envelopes, positions),
      onGap: (gap) => {
        this.debug.add('channel', `${gap.channel} has a gap`, gap);
        hub.onGap(gap);
      },
      prepare: () => this.prepare(),
      onExpiring: () => this.upkeep?.expiring(),
      onLink: (link, token) => this.onLink(link, token),
      onLost: () => this.onLost(),
    };
  }

  private onLink(link: Link, token: string | undefined): void {
    this.upkeep?.start(link, token);
    this.hub.onLink(link);
    this.outbox.onLink(link);
  }

  private async prepare(): Promise<void> {
    const { Upkeep } = await import('./connection/upkeep.js');
    this.upkeep ??= new Upkeep(this.options, this.quality, this.debug, () =>
      this.connector.abandon('heartbeat_missed'),
    );
  }

  private onLost(): void {
    this.upkeep?.stop();
    this.outbox.onLost();
    this.hub.onLost();
  }

  /** The first use connects; after `disconnect()`, or the server's word, only `connect()` does. Says whether there is a connection. */
  private wake(): boolean {
    this.assertOpen();
    if (this.connector.state.value.reason === 'idle') this.connector.connect();
    return this.connector.link !== undefined;
  }

  private revive(stored: { id: string; command: string; data: unknown }): Job {
    this.wake();
    if (stored.command !== COMMANDS.statePatch) return revivedJob(stored, this.options.commandTimeoutMs);
    return this.state((stored.data as { id: string }).id).revive(stored);
  }

  private assertOpen(): void {
    if (this.isClosed) throw closedError();
  }
}

function closedError(): RealtimeError {
  return new RealtimeError('unavailable', 'the client was closed', { temporary: false });
}
