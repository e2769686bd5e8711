import {
  type Envelope,
  type Gap,
  isChannelName,
  type Positions,
  RealtimeError,
  type SubscriptionOutcome,
} from '@nestwire/protocol';
import { Feed } from './feed.js';

/** A channel that was refused for now is asked for again after this, where the server does not say when; in milliseconds. */
const ASK_AGAIN_MS = 2_000;

/** The server follows these by itself, for the connection's own principal. */
const BY_ITSELF = /^\$(session|user|role):/;

/** All channels of a client: which of them are to be followed, where it is in each, and who hears of it. */
export class Hub {
  /** What to hand back on the next connection. Live: read where it is needed. */
  readonly positions: Positions = {};
  private readonly feeds = new Map<string, Feed>();
  private isChanging = false;
  /** To ask again for what was refused for now. */
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  /** `onWanted`: somebody follows something. `onChange`: what is wanted is no longer what it was. */
  constructor(
    private readonly onWanted: () => void,
    private readonly onChange: () => void,
  ) {}

  /** @throws RealtimeError `bad_request` where it is no channel's name. */
  feed(name: string): Feed {
    if (!isChannelName(name))
      throw new RealtimeError('bad_request', `${JSON.stringify(name)} is no channel's name`);
    let feed = this.feeds.get(name);
    if (feed === undefined) this.feeds.set(name, (feed = new Feed(name, () => this.change(feed!))));
    return feed;
  }

  wanted(): ReadonlySet<string> {
    const feeds = [...this.feeds.values()].filter(
      ({ name, isFollowed, isRefused }) => isFollowed && !isRefused && !BY_ITSELF.test(name),
    );
    return new Set(feeds.map(({ name }) => name));
  }

  onStart(channel: string, outcome: SubscriptionOutcome): void {
    if (!this.isKnown(channel)) return;
    if ('error' in outcome)
      this.refused(channel, outcome.error.retryAfterMs ?? ASK_AGAIN_MS, outcome.error.temporary);
    else if (outcome.position !== undefined) this.positions[channel] = outcome.position;
    this.feeds.get(channel)?.start(outcome);
  }

  onEvents(envelopes: readonly Envelope[], positions: Positions): void {
    for (const envelope of envelopes)
      if (this.isKnown(envelope.c)) this.feeds.get(envelope.c)?.take(envelope);
    for (const [channel, position] of Object.entries(positions))
      if (this.isKnown(channel)) this.positions[channel] = position;
  }

  onGap(gap: Gap): void {
    if (!this.isKnown(gap.channel)) return;
    if (gap.position !== undefined) this.positions[gap.channel] = gap.position;
    this.feeds.get(gap.channel)?.lose(gap);
  }

  onLost(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const feed of this.feeds.values()) feed.lost();
  }

  /** What was unsubscribed from may still be on its way. */
  private isKnown(channel: string): boolean {
    return BY_ITSELF.test(channel) || this.feeds.get(channel)?.isFollowed === true;
  }

  private refused(channel: string, retryAfterMs: number, isTemporary: boolean): void {
    if (!isTemporary) delete this.positions[channel];
    else this.timers.add(setTimeout(() => this.onChange(), retryAfterMs * (1 + Math.random())));
  }

  /** What comes and goes in one breath, as components do that are mounted twice, changes nothing. */
  private change(feed: Feed): void {
    if (feed.isFollowed) this.onWanted();
    if (this.isChanging) return;
    this.isChanging = true;
    queueMicrotask(() => {
      this.isChanging = false;
      for (const one of this.feeds.values()) this.settle(one);
      this.onChange();
    });
  }

  private settle(feed: Feed): void {
    if (feed.isFollowed || BY_ITSELF.test(feed.name)) return;
    delete this.positions[feed.name];
    feed.rest();
  }
}
