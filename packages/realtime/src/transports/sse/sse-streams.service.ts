import { Inject, Injectable } from '@nestjs/common';
import type { RealtimeError } from '@nestwire/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connection } from '../../channels/connection.js';
import { Connections } from '../../channels/connections.js';
import { Drain } from '../../channels/drain.js';
import { PolicyRegistry } from '../../channels/policy-registry.js';
import type { Subscription } from '../../channels/subscription.js';
import { toRealtimeError } from '../../commands/exception-mapping.js';
import { ConnectionLimits } from '../../limits/connection-limits.js';
import { MessageLimits } from '../../limits/message-limits.js';
import { Origins } from '../http/origins.js';
import type { ResolvedOptions } from '../../realtime.options.js';
import { REALTIME_OPTIONS } from '../../realtime.tokens.js';
import { Admissions } from '../../sessions/admissions.service.js';
import type { AnyResponse } from '../../sessions/raw-http.js';
import { RealtimeTickets } from '../../sessions/tickets.service.js';
import { OpenedChannels } from './opened-channels.js';
import { SseEncoder } from './sse-encoder.js';
import { SseOutlet } from './sse-outlet.js';
import { parseSseRequest, type SseRequest } from './sse-request.js';
import { SseStream } from './sse-stream.js';
import { ticketHolder, type Visitor, visitorOf } from './sse-visitor.js';
import { StreamClock } from './stream-clock.js';

/** Nothing on the way may keep, compress or gather what is sent. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
};

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
  private readonly clock: StreamClock;
  private readonly sse: ResolvedOptions['sse'];

  constructor(
    private readonly connections: Connections,
    private readonly policies: PolicyRegistry,
    private readonly admissions: Admissions,
    private readonly tickets: RealtimeTickets,
    private readonly drain: Drain,
    private readonly limits: ConnectionLimits,
    private readonly messages: MessageLimits,
    private readonly origins: Origins,
    @Inject(REALTIME_OPTIONS) options: ResolvedOptions,
  ) {
    this.sse = options.sse;
    this.clock = new StreamClock(options.sse);
  }

  /**
   * Answers the request with a stream, or says why there is none; `headers` are those that were set on the framework's `reply`.
   * Frees everything when the client goes away, at any moment.
   */
  async open(
    request: IncomingMessage,
    response: ServerResponse,
    headers: () => object,
    reply: AnyResponse = response,
  ): Promise<Refusal | undefined> {
    const stream = new SseStream(response);
    try {
      const asked = parseSseRequest(request);
      const askedAt = performance.now();
      // A ticket is for pages of other sites.
      if (asked.ticket === undefined) this.origins.assertAllowed(request);
      stream.hold(await this.limits.enter(request));
      const visitor = await this.visitorOf(request, reply, asked);
      if (this.drain.isDraining) return { retryMs: this.drain.drawRetryMs() };
      if (this.connections.isKeptAway(visitor.origin)) return { status: 204 };
      if (stream.gone) return undefined;
      const slot = await this.limits.admit(request, visitor.identity);
      stream.hold(slot.release);
      if (stream.gone) return undefined;
      const sender = { identity: visitor.identity, request, connection: undefined };
      await this.messages.spend('subscriptions', sender, visitor.channels.length);
      const outlet = new SseOutlet(response, this.encoder, () => writeStreamHead(response, headers()));
      const connection = this.connections.create(
        'sse',
        visitor.identity,
        outlet,
        visitor.origin,
        askedAt,
        slot,
      );
      stream.outlet = outlet;
      stream.connection = connection;
      connection.resumption = visitor.resumption;
      const opened = await OpenedChannels.open(connection, visitor, asked.cursor, this.policies);
      if (connection.closed) return undefined;
      opened.assertSomethingOpen();
      this.start(stream, connection, outlet, opened);
      return undefined;
    } catch (error) {
      stream.connection?.onEnd();
      return this.refuse(error);
    }
  }

  private visitorOf(request: IncomingMessage, reply: AnyResponse, asked: SseRequest): Promise<Visitor> {
    return asked.ticket === undefined
      ? visitorOf(request, reply, asked, this.admissions)
      : ticketHolder(asked.ticket, request, asked, this.tickets);
  }

  /**
   * A session or ticket that must not come back is told so with 204, the one status after which `EventSource` stays away quietly.
   * What may pass is answered with a stream that ends.
   */
  private refuse(error: unknown): Refusal {
    const refusal = toRealtimeError(error);
    this.connections.counters.refusals[refusal.code] += 1;
    const details = refusal.details as { close?: unknown } | undefined;
    if (refusal.code === 'unauthenticated' && details?.close !== undefined) return { status: 204 };
    if (refusal.temporary) return { retryMs: refusal.retryAfterMs ?? this.drawRetryMs() };
    if (refusal.code === 'internal') this.connections.errors.report(error, { during: 'connection' });
    return { error: refusal };
  }

  private start(stream: SseStream, connection: Connection, outlet: SseOutlet, opened: OpenedChannels): void {
    const previous = this.connections.previous(connection.origin);
    const { resumption } = connection;
    outlet.position = opened.position;
    outlet.ready(this.drawRetryMs(), {
      connection: connection.id,
      sid: connection.identity.session?.sid ?? null,
      channels: opened.outcomes,
      ...(previous && { previous }),
      ...(resumption && { resumeToken: resumption.token }),
    });
    if (opened.isToBeTriedAgain) return connection.close('retry');
    connection.greeted();
    this.clock.add(stream);
    connection.track(run(connection, opened.subscriptions));
  }

  private drawRetryMs(): number {
    const [low, high] = this.sse.retryMs;
    return Math.round(low + Math.random() * (high - low));
  }
}

/**
 * Begins a stream whose connection is not kept after it. Who came back on it would never reach another node, nor let
 * this one shut down. So its end need not be marked in the stream, and a write is one buffer, without a frame of HTTP's around it.
 */
export function writeStreamHead(response: ServerResponse, headers: object): void {
  response.shouldKeepAlive = false;
  response.removeHeader('Transfer-Encoding');
  response.writeHead(200, { ...headers, ...STREAM_HEADERS });
  const { socket } = response;
  socket?.setNoDelay(true);
  // Alone in its write, in one call with what comes next: Node keeps the head, which is a kilobyte of pieces until it is written as it is.
  socket?.cork();
  response.flushHeaders();
  process.nextTick(() => socket?.uncork());
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
