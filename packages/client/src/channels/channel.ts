import { COMMANDS, type Envelope, isEventName, RealtimeError } from '@nestwire/protocol';
import type { Observable } from '../observable.js';
import type { Channel, ChannelEvent, ChannelNotices, ChannelState } from './channel.types.js';
import { EventQueue } from './event-queue.js';
import type { Feed } from './feed.js';
import { Listeners } from './listeners.js';

type RunCommand = (command: string, data: unknown) => Promise<unknown>;

const NOTICES: readonly string[] = ['recovered', 'gap', 'error'] satisfies (keyof ChannelNotices)[];

/** A channel as the application has it: its listeners share one follower of the feed. */
export class ClientChannel implements Channel {
  private readonly listeners = new Listeners();
  /** Loops that are running. */
  private readonly queues = new Set<EventQueue<ChannelEvent>>();
  private count = 0;
  private unfollow: (() => void) | undefined;

  constructor(
    private readonly feed: Feed,
    private readonly run: RunCommand,
  ) {}

  get name(): string {
    return this.feed.name;
  }

  get state(): Observable<ChannelState> {
    return this.feed.state;
  }

  on(name: string, listener: (...args: never[]) => void): () => void {
    if (name !== '*' && !NOTICES.includes(name) && !isEventName(name))
      throw new RealtimeError('bad_request', `${JSON.stringify(name)} is no event's name`);
    const remove = this.listeners.add(name, listener);
    this.begin();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      remove();
      this.end();
    };
  }

  events({ signal }: { signal?: AbortSignal } = {}): AsyncIterableIterator<ChannelEvent> {
    const queue = new EventQueue<ChannelEvent>();
    return queue.begin(() => {
      const ends = [
        this.on('*', (event: ChannelEvent) => queue.push(event)),
        this.on('error', (error: RealtimeError) => queue.fail(error)),
      ];
      this.queues.add(queue);
      return () => {
        this.queues.delete(queue);
        ends.forEach((end) => end());
      };
    }, signal);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ChannelEvent> {
    return this.events();
  }

  async publish(
    event: string,
    data: unknown,
    options: { idempotencyKey?: string; correlationId?: string } = {},
  ): Promise<{ offset: number }> {
    return (await this.run(COMMANDS.publish, { channel: this.name, event, data, ...options })) as {
      offset: number;
    };
  }

  private begin(): void {
    this.count += 1;
    this.unfollow ??= this.feed.follow({
      onEvent: (envelope) => this.hear(toEvent(envelope)),
      onStart: ({ recovered, replay }) => {
        if (recovered === true) this.listeners.call('recovered', { channel: this.name, replay });
      },
      onGap: (gap) => this.listeners.call('gap', gap),
      onRefused: (error) => this.listeners.call('error', error),
      onClosed: () => this.queues.forEach((queue) => queue.finish()),
    });
  }

  private end(): void {
    this.count -= 1;
    if (this.count > 0) return;
    this.unfollow?.();
    this.unfollow = undefined;
  }

  private hear(event: ChannelEvent): void {
    if (!NOTICES.includes(event.event)) this.listeners.call(event.event, event.data, event);
    this.listeners.call('*', event);
  }
}

function toEvent({ c, o, t, n = '', d, r, x }: Envelope): ChannelEvent {
  return {
    channel: c,
    event: n,
    data: d,
    offset: o,
    time: t,
    replayed: r === 1,
    ...(x === undefined ? {} : { correlationId: x }),
  };
}
