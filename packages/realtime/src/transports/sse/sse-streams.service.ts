import { Inject, Injectable } from '@nestjs/common';
import {
  channelHash,
  encodePosition,
  isChannelName,
  RealtimeError,
  type Ready,
  type SubscriptionOutcome,
} from '@nestwire/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connection } from '../../channels/connection.js';
import { Connections } from '../../channels/connections.js';
import { Drain } from '../../channels/drain.js';
import { PolicyRegistry } from '../../channels/policy-registry.js';
import type { Resume, Subscription } from '../../channels/subscription.js';
import { toRefusal } from '../../channels/refusal.js';
import { toRealtimeError } from '../../commands/exception-mapping.js';
import type { ResolvedOptions } from '../../realtime.options.js';
import { REALTIME_OPTIONS } from '../../realtime.tokens.js';
import { followedChannels } from '../../sessions/followed-channels.js';
import type { Identity } from '../../sessions/identity.js';
import { IdentityService } from '../../sessions/identity.service.js';
import { RealtimeTickets } from '../../sessions/tickets.service.js';
import { hashSecret } from '../../sessions/session-secret.js';
import { SseEncoder } from './sse-encoder.js';
import { SseOutlet } from './sse-outlet.js';
import { parseSseRequest, type SseRequest } from './sse-request.js';

/** A stream's end is spread over so much of `maxStreamMs`, so that streams of one moment do not come back in one. */
const STREAM_END_JITTER = 0.1;

/** Nothing on the way may keep, compress or gather what is sent. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
};

interface Visitor {
  readonly identity: Identity;
  /** Channels asked for; names not checked yet. */
  readonly channels: readonly string[];
  /** What a ticket opens; undefined where there is no ticket. */
  readonly allowed: ReadonlySet<string> | undefined;
  /** Session or ticket: what a close reason that could not be told is kept under. */
  readonly origin: string | undefined;
}

interface OpenedChannel {
  readonly outcome: SubscriptionOutcome;
  readonly subscription?: Subscription;
  /** Refused for now: this position stays in the cursor. */
  readonly kept?: string;
}

/** What a request for a stream came to, where it was no stream. */
export type Refusal =
  | { status: 204 }
  /** Not now: `EventSource` gives up for good on any status but 200. */
  | { retryMs: number }
  | { error: RealtimeError };

/** Opens SSE streams. */
@Injectable()
export class SseStreams {
  private readonly encoder = new SseEncoder();
  private readonly sse: ResolvedOptions['sse'];

  constructor(
    private readonly connections: Connections,
    private readonly policies: PolicyRegistry,
    private readonly identities: IdentityService,
    private readonly tickets: RealtimeTickets,
    private readonly drain: Drain,
    @Inject(REALTIME_OPTIONS) options: ResolvedOptions,
  ) {
    this.sse = options.sse;
  }

  /**
   * Answers the request with a stream, or says why there is none; `headers` are those that the application has set.
   * Frees everything when the client goes away, at any moment.
   */
  async open(
    request: IncomingMessage,
    response: ServerResponse,
    headers: () => object,
  ): Promise<Refusal | undefined> {
    let connection: Connection | undefined;
    let gone = response.destroyed;
    response.once('close', () => {
      gone = true;
      connection?.onEnd();
    });
    try {
      const asked = parseSseRequest(request);
      const visitor = await this.visitorOf(request, asked);
      if (this.drain.isDraining) return { retryMs: this.drain.drawRetryMs() };
      const previous = this.connections.previous(visitor.origin);
      if (previous?.reconnect === false) return { status: 204 };
      if (gone) return undefined;
      const outlet = new SseOutlet(response, this.encoder, () => writeHead(response, headers()));
      connection = this.connections.create('sse', visitor.identity, outlet, visitor.origin);
      const opened = await this.openChannels(connection, visitor, asked.cursor);
      if (connection.closed) return undefined;
      assertSomethingOpen(opened, visitor.channels);
      outlet.cursor = () => asked.cursor.join(positionsOf(opened));
      this.start(response, connection, outlet, opened, previous && { code: previous.code });
      return undefined;
    } catch (error) {
      connection?.onEnd();
      return this.refuse(error);
    }
  }

  /**
   * A session or ticket that must not come back is told so with 204, the one status after which `EventSource` stays away quietly.
   * What may pass is answered with a stream that ends.
   */
  private refuse(error: unknown): Refusal {
    const refusal = toRealtimeError(error);
    const details = refusal.details as { close?: unknown } | undefined;
    if (refusal.code === 'unauthenticated' && details?.close !== undefined) return { status: 204 };
    if (refusal.temporary) return { retryMs: refusal.retryAfterMs ?? this.drawRetryMs() };
    if (refusal.code === 'internal') this.connections.errors.report(error, { during: 'connection' });
    return { error: refusal };
  }

  private async visitorOf(request: IncomingMessage, { channels, ticket }: SseRequest): Promise<Visitor> {
    if (ticket !== undefined) return this.ticketHolder(ticket, channels);
    const identity = await this.identities.resolve({ request, transport: 'sse' });
    const origin = identity.session === null ? undefined : `session:${identity.session.sid}`;
    return { identity, channels, allowed: undefined, origin };
  }

  private async ticketHolder(ticket: string, channels: readonly string[]): Promise<Visitor> {
    const redeemed = await this.tickets.redeem(ticket);
    if (redeemed === undefined)
      throw new RealtimeError('unauthenticated', 'the ticket is not valid any more');
    return {
      identity: redeemed.identity,
      channels: channels.length > 0 ? channels : redeemed.channels,
      allowed: new Set(redeemed.channels),
      origin: `ticket:${hashSecret(ticket)}`,
    };
  }

  private async openChannels(
    connection: Connection,
    { identity, channels, allowed }: Visitor,
    cursor: SseRequest['cursor'],
  ): Promise<Map<string, OpenedChannel>> {
    const open = async (channel: string, ask: boolean): Promise<[string, OpenedChannel]> => {
      const resume = cursor.resumeOf(channel);
      return [
        channel,
        await this.openChannel(connection, channel, resume, ask ? { identity, allowed } : undefined),
      ];
    };
    const followed = followedChannels(identity);
    const all = [
      ...channels.map((channel) => open(channel, true)),
      ...followed.map((channel) => open(channel, false)),
    ];
    return new Map(await Promise.all(all));
  }

  private async openChannel(
    connection: Connection,
    channel: string,
    resume: Resume,
    ask: Pick<Visitor, 'identity' | 'allowed'> | undefined,
  ): Promise<OpenedChannel> {
    try {
      if (ask !== undefined) await this.assertOpen(channel, ask);
      const subscription = await connection.open(channel, resume);
      const { position: _, ...outcome } = subscription.start;
      return { outcome, subscription };
    } catch (error) {
      const refusal = toRefusal(error, (fault) => connection.report(fault, channel));
      const kept =
        refusal.temporary && typeof resume === 'object'
          ? encodePosition(channelHash(channel), resume)
          : undefined;
      return { outcome: { error: refusal.toBody() }, ...(kept === undefined ? {} : { kept }) };
    }
  }

  private async assertOpen(
    channel: string,
    { identity, allowed }: Pick<Visitor, 'identity' | 'allowed'>,
  ): Promise<void> {
    if (!isChannelName(channel)) throw new RealtimeError('bad_request', 'not a channel name');
    if (allowed?.has(channel) === false)
      throw new RealtimeError('forbidden', 'the ticket is not for this channel');
    await this.policies.assertCanSubscribe(identity, channel);
  }

  private start(
    response: ServerResponse,
    connection: Connection,
    outlet: SseOutlet,
    opened: ReadonlyMap<string, OpenedChannel>,
    previous: Ready['previous'],
  ): void {
    outlet.ready(this.drawRetryMs(), {
      connection: connection.id,
      sid: connection.identity.session?.sid ?? null,
      channels: Object.fromEntries([...opened].map(([channel, { outcome }]) => [channel, outcome])),
      ...(previous === undefined ? {} : { previous }),
    });
    if ([...opened.values()].some(({ outcome }) => 'error' in outcome && outcome.error.temporary))
      return connection.close('retry');
    this.startTimers(response, connection, outlet);
    connection.track(
      run(
        connection,
        [...opened.values()].flatMap(({ subscription }) => subscription ?? []),
      ),
    );
  }

  private startTimers(response: ServerResponse, connection: Connection, outlet: SseOutlet): void {
    const keepAlive = setInterval(() => outlet.keepAlive(), this.sse.keepAliveMs).unref();
    const lifeMs = this.sse.maxStreamMs * (1 - Math.random() * STREAM_END_JITTER);
    const end = setTimeout(() => connection.close('stream_expired'), lifeMs).unref();
    response.once('close', () => {
      clearInterval(keepAlive);
      clearTimeout(end);
    });
  }

  private drawRetryMs(): number {
    const [low, high] = this.sse.retryMs;
    return Math.round(low + Math.random() * (high - low));
  }
}

function writeHead(response: ServerResponse, headers: object): void {
  response.writeHead(200, { ...headers, ...STREAM_HEADERS });
  response.socket?.setNoDelay(true);
}

/** Positions of all channels, and those that are only kept, in an order that stays the same. */
function positionsOf(opened: ReadonlyMap<string, OpenedChannel>): string[] {
  return [...opened.values()].flatMap(({ subscription, kept }) => subscription?.positionText ?? kept ?? []);
}

/** Those that are level go live at once. Replays come one after another; who has had its own goes live. */
async function run(connection: Connection, subscriptions: readonly Subscription[]): Promise<void> {
  const replays = subscriptions.filter(({ isReplaying }) => isReplaying);
  for (const subscription of subscriptions)
    if (!subscription.isReplaying) connection.track(subscription.run());
  for (const subscription of replays) {
    await subscription.replay();
    connection.track(subscription.run());
  }
}

/** A stream on which nothing was opened is refused, unless the next try may open something. */
function assertSomethingOpen(opened: ReadonlyMap<string, OpenedChannel>, asked: readonly string[]): void {
  if (opened.size === 0) throw new RealtimeError('bad_request', 'name at least one channel: ?channels=a,b');
  if (asked.length === 0) return;
  const errors = asked.map((channel) => {
    const { outcome } = opened.get(channel)!;
    return 'error' in outcome ? outcome.error : undefined;
  });
  if (errors.some((error) => error === undefined || error.temporary)) return;
  const code = errors.every((error) => error?.code === 'bad_request') ? 'bad_request' : 'forbidden';
  const details = { channels: Object.fromEntries(asked.map((channel, index) => [channel, errors[index]])) };
  throw new RealtimeError(code, 'none of the channels is open to you', { details });
}
