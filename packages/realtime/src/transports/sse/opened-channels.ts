import {
  channelHash,
  encodePosition,
  isChannelName,
  RealtimeError,
  type SubscriptionOutcome,
} from '@nestwire/protocol';
import type { Connection } from '../../channels/connection.js';
import type { PolicyRegistry } from '../../channels/policy-registry.js';
import { toRefusal } from '../../channels/refusal.js';
import type { Resume, Subscription } from '../../channels/subscription.js';
import { followedChannels } from '../../sessions/followed-channels.js';
import type { StreamCursor } from './sse-request.js';
import type { Visitor } from './sse-visitor.js';
import { type Place, StreamPosition } from './stream-position.js';

interface OpenedChannel {
  readonly outcome: SubscriptionOutcome;
  readonly subscription?: Subscription;
  /** Refused for now: this position stays in the cursor. */
  readonly kept?: string;
}

/** What became of the channels of one stream: those asked for, then those that it follows by itself. */
export class OpenedChannels {
  /** Of all channels, and those that are only kept; as many as there is room for, the first of them first. */
  readonly position: StreamPosition;

  private constructor(
    private readonly channels: ReadonlyMap<string, OpenedChannel>,
    private readonly asked: readonly string[],
    cursor: StreamCursor,
  ) {
    const places = [...channels.values()].flatMap(
      ({ subscription, kept }): Place | [] =>
        subscription ?? (kept === undefined ? [] : { positionText: kept }),
    );
    this.position = new StreamPosition(places.slice(0, cursor.room));
  }

  /** Asks the policies and opens what they open. */
  static async open(
    connection: Connection,
    visitor: Visitor,
    cursor: StreamCursor,
    policies: PolicyRegistry,
  ): Promise<OpenedChannels> {
    const open = async (channel: string, mayOpen: () => Promise<void>): Promise<[string, OpenedChannel]> => [
      channel,
      await openChannel(connection, channel, cursor.resumeOf(channel), mayOpen),
    ];
    const followed = followedChannels(visitor.identity);
    // A session's document can be asked for as well: opened once, for the second would end the first.
    const asked = visitor.channels.filter((channel) => !followed.includes(channel));
    const opened = await Promise.all([
      ...asked.map((channel) => open(channel, () => assertOpen(channel, visitor, policies))),
      ...followed.map((channel) => open(channel, async () => {})),
    ]);
    return new OpenedChannels(new Map(opened), visitor.channels, cursor);
  }

  get outcomes(): Record<string, SubscriptionOutcome> {
    return Object.fromEntries([...this.channels].map(([channel, { outcome }]) => [channel, outcome]));
  }

  get subscriptions(): Subscription[] {
    return [...this.channels.values()].flatMap(({ subscription }) => subscription ?? []);
  }

  /** Something was refused that may be opened at the next try. */
  get isToBeTriedAgain(): boolean {
    return [...this.channels.values()].some(({ outcome }) => 'error' in outcome && outcome.error.temporary);
  }

  /** A stream on which nothing was opened is refused, unless the next try may open something. */
  assertSomethingOpen(): void {
    if (this.channels.size === 0)
      throw new RealtimeError('bad_request', 'name at least one channel: ?channels=a,b');
    if (this.asked.length === 0) return;
    const errors = this.asked.map((channel) => {
      const { outcome } = this.channels.get(channel)!;
      return 'error' in outcome ? outcome.error : undefined;
    });
    if (errors.some((error) => error === undefined || error.temporary)) return;
    const code = errors.every((error) => error?.code === 'bad_request') ? 'bad_request' : 'forbidden';
    const channels = Object.fromEntries(this.asked.map((channel, index) => [channel, errors[index]]));
    throw new RealtimeError(code, 'none of the channels is open to you', { details: { channels } });
  }
}

async function openChannel(
  connection: Connection,
  channel: string,
  resume: Resume,
  mayOpen: () => Promise<void>,
): Promise<OpenedChannel> {
  try {
    await mayOpen();
    const subscription = await connection.open(channel, resume);
    const { position: _, ...outcome } = subscription.start;
    return { outcome, subscription };
  } catch (error) {
    const refusal = toRefusal(error, (fault) => connection.report(fault, channel));
    connection.counters.refusals[refusal.code] += 1;
    const isKept = refusal.temporary && typeof resume === 'object';
    return {
      outcome: { error: refusal.toBody() },
      ...(isKept && { kept: encodePosition(channelHash(channel), resume) }),
    };
  }
}

async function assertOpen(
  channel: string,
  { identity, allowed }: Visitor,
  policies: PolicyRegistry,
): Promise<void> {
  if (!isChannelName(channel)) throw new RealtimeError('bad_request', 'not a channel name');
  if (allowed?.has(channel) === false)
    throw new RealtimeError('forbidden', 'the ticket is not for this channel');
  await policies.assertCanSubscribe(identity, channel);
}
