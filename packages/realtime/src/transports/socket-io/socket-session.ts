import { CONTROL_EVENTS, RealtimeError, type SubscriptionOutcome } from '@nestwire/protocol';
import type { Connection } from '../../channels/connection.js';
import type { Connections } from '../../channels/connections.js';
import type { PolicyRegistry } from '../../channels/policy-registry.js';
import type { Subscription } from '../../channels/subscription.js';
import type { CommandDispatcher } from '../../commands/command-dispatcher.js';
import { toRealtimeError } from '../../commands/exception-mapping.js';
import { followedChannels } from '../../sessions/followed-channels.js';
import type { ResolvedOptions } from '../../realtime.options.js';
import type { RealtimeClient } from '../../sessions/identity.js';
import type { Socket } from './socket-io.types.js';
import type { SocketOutlet } from './socket-outlet.js';
import { parseSubscribe, parseUnsubscribe, readResume } from './subscribe-request.js';

/** What sockets need of the module. */
export interface SocketServices {
  readonly connections: Connections;
  readonly policies: PolicyRegistry;
  readonly dispatcher: CommandDispatcher;
  readonly limits: ResolvedOptions['limits'];
}

type Acknowledge = (answer: unknown) => void;

/** What one socket of our namespace may say: `subscribe`, `unsubscribe`, `command`. */
export class SocketSession {
  /** Subscriptions are answered in the order in which they were asked for. */
  private queue: Promise<void>;

  constructor(
    private readonly socket: Socket,
    private readonly connection: Connection,
    private readonly outlet: SocketOutlet,
    private readonly services: SocketServices,
  ) {
    this.queue = this.greet();
    socket.on('subscribe', (payload: unknown, acknowledge: unknown) =>
      this.enqueue(acknowledge, () => this.subscribe(payload)),
    );
    socket.on('unsubscribe', (payload: unknown, acknowledge: unknown) =>
      this.enqueue(acknowledge, () => this.unsubscribe(payload)),
    );
    socket.on('command', (command: unknown, acknowledge: unknown) => void this.command(command, acknowledge));
    socket.once('disconnect', () => connection.onEnd());
  }

  private async greet(): Promise<void> {
    const channels: Record<string, SubscriptionOutcome> = Object.create(null) as Record<
      string,
      SubscriptionOutcome
    >;
    const subscriptions: Subscription[] = [];
    for (const channel of followedChannels(this.connection.identity)) {
      try {
        const subscription = await this.connection.open(channel, this.resumeOf(channel));
        subscriptions.push(subscription);
        channels[channel] = subscription.start;
      } catch (error) {
        channels[channel] = { error: toRealtimeError(error).toBody() };
      }
    }
    const previous = this.services.connections.previous(this.connection.origin);
    this.outlet.emit(CONTROL_EVENTS.ready, {
      connection: this.connection.id,
      sid: this.connection.identity.session?.sid ?? null,
      channels,
      ...(previous === undefined ? {} : { previous: { code: previous.code } }),
    });
    for (const subscription of subscriptions) this.connection.track(subscription.run());
  }

  private resumeOf(channel: string): ReturnType<typeof readResume> {
    const { positions } = this.socket.handshake.auth as { positions?: unknown };
    if (typeof positions !== 'object' || positions === null || !Object.hasOwn(positions, channel))
      return undefined;
    return readResume(channel, (positions as Record<string, unknown>)[channel]);
  }

  /** Answers before anything of the stream is sent. */
  private enqueue(acknowledge: unknown, work: () => Promise<{ data: unknown; after?: () => void }>): void {
    this.queue = this.queue.then(async () => {
      if (this.connection.closed) return;
      try {
        const { data, after } = await work();
        answer(acknowledge, { ok: true, data });
        after?.();
      } catch (error) {
        answer(acknowledge, { ok: false, error: toRealtimeError(error).toBody() });
      }
    });
  }

  private async subscribe(payload: unknown): Promise<{ data: unknown; after: () => void }> {
    const { channel, resume } = parseSubscribe(payload);
    this.assertRoom(channel);
    await this.services.policies.assertCanSubscribe(this.connection.identity, channel);
    const subscription = await this.connection.open(channel, resume);
    return { data: subscription.start, after: () => this.connection.track(subscription.run()) };
  }

  private async unsubscribe(payload: unknown): Promise<{ data: unknown }> {
    const channel = parseUnsubscribe(payload);
    if (
      followedChannels(this.connection.identity).includes(channel) ||
      !this.connection.unsubscribe(channel)
    ) {
      throw new RealtimeError('not_found', `${channel} is not subscribed to`);
    }
    return { data: {} };
  }

  private assertRoom(channel: string): void {
    const { channels } = this.connection;
    const { maxChannelsPerConnection } = this.services.limits;
    if (channels.includes(channel)) return;
    if (channels.length - followedChannels(this.connection.identity).length >= maxChannelsPerConnection) {
      throw new RealtimeError('too_large', `a connection has at most ${maxChannelsPerConnection} channels`);
    }
  }

  private async command(command: unknown, acknowledge: unknown): Promise<void> {
    await this.queue;
    if (this.connection.closed) return;
    if (this.outlet.queuedBytes() > this.services.limits.maxQueuedBytes)
      return this.connection.close('slow_consumer');
    answer(acknowledge, await this.services.dispatcher.dispatch(this.client(), command));
  }

  private client(): RealtimeClient {
    const { connection, socket } = this;
    const { principal, session } = connection.identity;
    return { transport: 'socket.io', connection: connection.id, principal, session, request: socket.request };
  }
}

function answer(acknowledge: unknown, reply: unknown): void {
  if (typeof acknowledge === 'function') (acknowledge as Acknowledge)(reply);
}
