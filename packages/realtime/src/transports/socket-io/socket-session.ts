import { CONTROL_EVENTS, type ErrorBody, RealtimeError, type SubscriptionOutcome } from '@nestwire/protocol';
import type { Connection } from '../../channels/connection.js';
import type { Connections } from '../../channels/connections.js';
import type { PolicyRegistry } from '../../channels/policy-registry.js';
import type { Subscription } from '../../channels/subscription.js';
import type { CommandDispatcher } from '../../commands/command-dispatcher.js';
import { readCommandId } from '../../commands/command-parser.js';
import { toRealtimeError } from '../../commands/exception-mapping.js';
import { followedChannels } from '../../sessions/followed-channels.js';
import type { MessageLimits, Sender } from '../../limits/message-limits.js';
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
  readonly messages: MessageLimits;
  readonly limits: ResolvedOptions['limits'];
}

/** What a client waits for at once; more than that is refused. */
const MAX_PENDING = 1_000;

type Acknowledge = (answer: unknown) => void;
type Handle = (payload: unknown, acknowledge: Acknowledge | undefined) => Promise<unknown>;

/** What one socket of our namespace may say: `subscribe`, `unsubscribe`, `command`. */
export class SocketSession {
  /** Subscriptions are answered in the order in which they were asked for. */
  private queue: Promise<unknown> = Promise.resolve();
  private pending = 0;

  constructor(
    private readonly socket: Socket,
    private readonly connection: Connection,
    private readonly outlet: SocketOutlet,
    private readonly services: SocketServices,
  ) {}

  /** Greets the client, and listens to it from now on; it is answered after the greeting. */
  start(): void {
    this.queue = this.greet();
    const { socket } = this;
    socket.on('subscribe', (...args: unknown[]) => this.receive(args, (...of) => this.onSubscribe(...of)));
    socket.on('unsubscribe', (...args: unknown[]) =>
      this.receive(args, (...of) => this.onUnsubscribe(...of)),
    );
    socket.on('command', (...args: unknown[]) => this.receive(args, (...of) => this.onCommand(...of)));
  }

  /** To be called when the client has gone, with what Socket.IO says about it. */
  onClose(description: unknown): void {
    if (isTooLarge(description)) this.connection.counters.refusals.too_large += 1;
    this.outlet.onClose();
    this.connection.onEnd();
  }

  private onSubscribe(payload: unknown, acknowledge: Acknowledge | undefined): Promise<unknown> {
    return this.enqueue(acknowledge, async () => {
      await this.services.messages.spend('subscriptions', this.sender());
      const subscription = await this.subscribe(payload);
      // The answer goes out before anything of the stream.
      this.answer(acknowledge, { ok: true, data: subscription.start });
      this.connection.track(subscription.run());
    });
  }

  private onUnsubscribe(payload: unknown, acknowledge: Acknowledge | undefined): Promise<unknown> {
    return this.enqueue(acknowledge, async () => {
      await this.services.messages.spend('subscriptions', this.sender());
      this.unsubscribe(payload);
      this.answer(acknowledge, { ok: true, data: {} });
    });
  }

  private async greet(): Promise<void> {
    const followed = followedChannels(this.connection.identity);
    const opened = await Promise.all(followed.map((channel) => this.openFollowed(channel)));
    // Otherwise nobody would hear why the connection before this one ended.
    if (this.connection.closed) return;
    const previous = this.services.connections.previous(this.connection.origin);
    const { resumption } = this.connection;
    this.outlet.emit(CONTROL_EVENTS.ready, {
      connection: this.connection.id,
      sid: this.connection.identity.session?.sid ?? null,
      channels: Object.fromEntries(opened.map(({ outcome }, i) => [followed[i], outcome])),
      ...(previous && { previous }),
      ...(resumption && { resumeToken: resumption.token }),
    });
    // A channel that only the server can follow cannot be asked for again.
    if (opened.some(({ outcome }) => 'error' in outcome && outcome.error.temporary))
      return this.connection.close('retry');
    this.connection.greeted();
    for (const { subscription } of opened)
      if (subscription !== undefined) this.connection.track(subscription.run());
  }

  private async openFollowed(
    channel: string,
  ): Promise<{ outcome: SubscriptionOutcome; subscription?: Subscription }> {
    try {
      const subscription = await this.connection.open(channel, this.resumeOf(channel));
      return { outcome: subscription.start, subscription };
    } catch (error) {
      return { outcome: { error: this.refusal(error) } };
    }
  }

  private resumeOf(channel: string): ReturnType<typeof readResume> {
    const { positions } = this.socket.handshake.auth as { positions?: unknown };
    if (typeof positions !== 'object' || positions === null || !Object.hasOwn(positions, channel))
      return undefined;
    return readResume(channel, (positions as Record<string, unknown>)[channel]);
  }

  /** The acknowledgement is the last argument, be there a payload or not. */
  private receive(args: readonly unknown[], handle: Handle): void {
    const last = args.at(-1);
    const acknowledge = typeof last === 'function' ? (last as Acknowledge) : undefined;
    const payload = args[0] === acknowledge ? undefined : args[0];
    if (this.pending >= MAX_PENDING) return this.refuse(acknowledge, tooMany(), payload);
    this.pending += 1;
    void handle(payload, acknowledge).finally(() => (this.pending -= 1));
  }

  private enqueue(acknowledge: Acknowledge | undefined, work: () => Promise<void>): Promise<unknown> {
    this.queue = this.queue.then(async () => {
      if (this.connection.closed) return;
      try {
        await work();
      } catch (error) {
        this.refuse(acknowledge, error);
      }
    });
    return this.queue;
  }

  private async subscribe(payload: unknown): Promise<Subscription> {
    const { channel, resume } = parseSubscribe(payload);
    this.assertRoom(channel);
    await this.services.policies.assertCanSubscribe(this.connection.identity, channel);
    return this.connection.open(channel, resume);
  }

  private unsubscribe(payload: unknown): void {
    const channel = parseUnsubscribe(payload);
    const isOurs = followedChannels(this.connection.identity).includes(channel);
    if (isOurs || !this.connection.unsubscribe(channel))
      throw new RealtimeError('not_found', `${channel} is not subscribed to`);
  }

  private assertRoom(channel: string): void {
    const { channels } = this.connection;
    const { maxChannelsPerConnection } = this.services.limits;
    if (channels.includes(channel)) return;
    if (channels.length - followedChannels(this.connection.identity).length >= maxChannelsPerConnection) {
      throw new RealtimeError('too_large', `a connection has at most ${maxChannelsPerConnection} channels`);
    }
  }

  private async onCommand(command: unknown, acknowledge: Acknowledge | undefined): Promise<void> {
    await this.queue;
    if (this.connection.closed) return;
    try {
      await this.services.messages.command(this.sender(), command);
    } catch (error) {
      return this.refuse(acknowledge, error, command);
    }
    const reply = await this.services.dispatcher.dispatch(this.client(), command);
    this.answer(acknowledge, reply);
    if (!reply.ok) await this.services.messages.failed(reply.error.code, this.sender());
  }

  private sender(): Sender {
    const { connection, socket } = this;
    return { identity: connection.identity, request: socket.request, connection };
  }

  private client(): RealtimeClient {
    const { connection, socket } = this;
    const { principal, session } = connection.identity;
    return { transport: 'socket.io', connection: connection.id, principal, session, request: socket.request };
  }

  private refuse(acknowledge: Acknowledge | undefined, error: unknown, command?: unknown): void {
    const id = readCommandId(command);
    const refusal = this.refusal(error);
    this.answer(acknowledge, { ...(id !== null && { id }), ok: false, error: refusal });
    void this.services.messages.failed(refusal.code, this.sender());
  }

  /** What the client is told; the server's own faults are reported. */
  private refusal(error: unknown): ErrorBody {
    const refusal = toRealtimeError(error);
    this.connection.counters.refusals[refusal.code] += 1;
    if (refusal.code === 'internal') this.services.connections.errors.report(error, { during: 'connection' });
    return refusal.toBody();
  }

  /** Answers are held to the same bound as events: who asks and does not read is as slow as any other. */
  private answer(acknowledge: Acknowledge | undefined, answer: unknown): void {
    if (this.outlet.queuedBytes() > this.services.limits.maxQueuedBytes)
      return this.connection.close('slow_consumer');
    if (!this.connection.closed) acknowledge?.(answer);
  }
}

/** A frame over `maxHttpBufferSize`, inflated or not: `ws` closes with 1009, and Engine.IO hands on no more than its message. */
function isTooLarge(description: unknown): boolean {
  return description instanceof Error && description.message.includes('Max payload size exceeded');
}

function tooMany(): RealtimeError {
  return new RealtimeError('rate_limited', `${MAX_PENDING} messages are waiting to be answered already`);
}
