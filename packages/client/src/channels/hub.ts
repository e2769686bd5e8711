import {
  type Envelope,
  type Gap,
  isChannelName,
  type Positions,
  RealtimeError,
  type SubscriptionOutcome,
} from '@nestwire/protocol';
import { MAX_DELAY_MS } from '../connection/backoff.js';
import type { Link } from '../transports/link.js';
import { BY_ITSELF } from './by-itself.js';
import { Feed } from './feed.js';

/** A channel that was refused for now is asked for again after this to twice this, or what the server says; in milliseconds. */
const ASK_AGAIN_MS = 2_000;

/** All channels of a client: which of them are to be followed, where it is in each, and who hears of it. */
export class Hub {
  /** What to hand back on the next connection. Live: read where it is needed. */
  readonly positions: Positions = {};
  private readonly feeds = new Map<string, Feed>();
  private link: Pick<Link, 'followed'> | undefined;
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

  onLink(link: Link): void {
    const isMoved = this.link !== undefined;
    this.link = link;
    for (const feed of this.feeds.values()) {
      // What was too much for the transport before need not be for this one.
      if (isMoved && feed.isRefused) feed.lost();
      if (BY_ITSELF.test(feed.name) && !link.followed.includes(feed.name)) this.settle(feed);
    }
  }

  onStart(channel: string, outcome: SubscriptionOutcome): void {
    const feed = this.feeds.get(channel);
    const isFollowed = feed?.isFollowed === true;
    if (!isFollowed && !BY_ITSELF.test(channel)) return;
    if ('error' in outcome)
      this.refused(channel, outcome.error.retryAfterMs ?? ASK_AGAIN_MS, outcome.error.temporary);
    else if (outcome.position !== undefined) this.positions[channel] = outcome.position;
    if (isFollowed) feed.start(outcome);
  }

  onEvents(envelopes: readonly Envelope[], positions: Positions): void {
    for (const envelope of envelopes)
      if (this.isRunning(envelope.c)) this.feeds.get(envelope.c)?.take(envelope);
    for (const [channel, position] of Object.entries(positions))
      if (this.isRunning(channel)) this.positions[channel] = position;
  }

  onGap(gap: Gap): void {
    if (!this.isRunning(gap.channel)) return;
    if (gap.position !== undefined) this.positions[gap.channel] = gap.position;
    this.feeds.get(gap.channel)?.lose(gap);
  }

  onLost(): void {
    this.link = undefined;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const feed of this.feeds.values()) feed.lost();
  }

  /** Nothing comes any more. */
  close(error: RealtimeError): void {
    this.onLost();
    for (const feed of this.feeds.values()) feed.close(error);
  }

  /** What belongs to a subscription that was ended, if only to begin another, may still be on its way. */
  private isRunning(channel: string): boolean {
    return BY_ITSELF.test(channel) || this.feeds.get(channel)?.state.value.status === 'subscribed';
  }

  private refused(channel: string, retryAfterMs: number, isTemporary: boolean): void {
    if (!isTemporary) {
      delete this.positions[channel];
      return;
    }
    const delayMs = Math.min(MAX_DELAY_MS, retryAfterMs * (1 + Math.random()));
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.onChange();
    }, delayMs);
    this.timers.add(timer);
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
    const isByItself = BY_ITSELF.test(feed.name);
    if (feed.isFollowed) {
      if (isByItself) this.join(feed);
      return;
    }
    if (!isByItself) delete this.positions[feed.name];
    feed.rest();
  }

  /** The server has followed it since the connection was opened, or does not. */
  private join(feed: Feed): void {
    if (this.link === undefined || feed.state.value.status !== 'subscribing') return;
    if (this.link.followed.includes(feed.name)) return feed.start({ replay: 0 });
    const error = new RealtimeError('forbidden', `${feed.name} is not of this connection's user`);
    feed.start({ error: error.toBody() });
  }
}
