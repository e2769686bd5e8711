import type { Envelope, Gap, SubscriptionOutcome, SubscriptionStart } from '@nestwire/protocol';
import { toError } from '../errors.js';
import { callSafely, Store } from '../observable.js';
import type { ChannelGap, ChannelState } from './channel.types.js';

/** Somebody who follows a channel. */
export interface Follower {
  onEvent(envelope: Envelope): void;
  /** The channel has started, anew or where it was; before any of its events. */
  onStart?(start: SubscriptionStart): void;
  onGap?(gap: ChannelGap): void;
  onRefused?(error: ReturnType<typeof toError>): void;
  /** The client was closed. */
  onClosed?(error: ReturnType<typeof toError>): void;
}

/** One channel's events, for all who follow it here: each once, in order. */
export class Feed {
  readonly state = new Store<ChannelState>({ status: 'idle' });
  /** The server has refused it: it is not asked for again on this connection. */
  isRefused = false;
  private readonly followers = new Set<Follower>();
  /** Undefined where the next offset may be any. */
  private lastOffset: number | undefined;

  constructor(
    readonly name: string,
    /** Whether anybody follows has changed, or it is to be asked for again. */
    private readonly onChange: () => void,
  ) {}

  get isFollowed(): boolean {
    return this.followers.size > 0;
  }

  follow(follower: Follower): () => void {
    this.followers.add(follower);
    if (this.state.value.status !== 'subscribed') this.state.set({ status: 'subscribing' });
    this.isRefused = false;
    this.onChange();
    return () => {
      if (this.followers.delete(follower) && !this.isFollowed) this.onChange();
    };
  }

  /** Nobody follows any more: what comes next has nothing to do with what was. */
  rest(): void {
    this.lastOffset = undefined;
    this.isRefused = false;
    this.state.set({ status: 'idle' });
  }

  /** The connection has gone. What was refused may be open on the next. */
  lost(): void {
    this.isRefused = false;
    if (this.isFollowed) this.state.set({ status: 'subscribing' });
  }

  close(error: ReturnType<typeof toError>): void {
    this.tell((follower) => follower.onClosed?.(error));
    this.rest();
  }

  start(outcome: SubscriptionOutcome): void {
    if ('error' in outcome) return this.refuse(toError(outcome.error));
    this.state.set({ status: 'subscribed' });
    if (outcome.recovered !== true) this.lastOffset = undefined;
    this.tell((follower) => follower.onStart?.(outcome));
    if (outcome.recovered === false) this.gap('unrecovered');
  }

  take(envelope: Envelope): void {
    if (this.lastOffset !== undefined && envelope.o <= this.lastOffset) return;
    this.lastOffset = envelope.o;
    this.tell((follower) => follower.onEvent(envelope));
  }

  /** After a hole offsets may begin again. */
  lose({ reason }: Gap): void {
    this.lastOffset = undefined;
    this.gap(reason);
  }

  private gap(reason: ChannelGap['reason']): void {
    this.tell((follower) => follower.onGap?.({ channel: this.name, reason }));
  }

  private refuse(error: ReturnType<typeof toError>): void {
    this.isRefused = !error.temporary;
    this.state.set({ status: error.temporary ? 'subscribing' : 'failed', error });
    if (!error.temporary) this.tell((follower) => follower.onRefused?.(error));
  }

  private tell(tell: (follower: Follower) => void): void {
    const followers = [...this.followers];
    for (const follower of followers) if (this.followers.has(follower)) callSafely(() => tell(follower));
  }
}
