import { Inject, Injectable } from '@nestjs/common';
import {
  channelHash,
  encodePosition,
  isEventName,
  isPublishableName,
  RealtimeError,
} from '@nestwire/protocol';
import { randomBytes } from 'node:crypto';
import type { Backend } from '../backend/backend.js';
import type { AppendEvent, Appended } from '../backend/event-log.js';
import { Counters } from '../observability/counters.js';
import type { ResolvedOptions } from '../realtime.options.js';
import { REALTIME_BACKEND, REALTIME_OPTIONS } from '../realtime.tokens.js';
import { roleChannel, sessionChannel, userChannel } from '../sessions/followed-channels.js';
import { PolicyRegistry } from './policy-registry.js';

/** How an event is published, and for whom. */
export interface PublishOptions {
  /** The same key on the same channel within five minutes is the same event. 1 to 200 characters. */
  idempotencyKey?: string;
  /** After so many milliseconds the event is no longer delivered. Default: as long as the channel's history. */
  ttlMs?: number;
  /** Delivered only to principals that hold one of these roles. Default: to all. */
  forRoles?: readonly string[];
  /** Carried to the client as `x`. At most 200 characters. */
  correlationId?: string;
  /** The same operation, tried again: nothing is published twice. Default: drawn. */
  operationId?: string;
  /** True where that operation may have been made before. Default false. */
  isRetry?: boolean;
}

/** Where a published event is. */
export interface Published {
  /** Where the event is in its channel; opaque. */
  readonly position: string;
  readonly offset: number;
}

/** One event of {@link RealtimeBroadcaster.publishMany}. */
export interface PublishRequest<T = unknown> extends PublishOptions {
  channel: string;
  event: string;
  data: T;
}

/** What became of one event of {@link RealtimeBroadcaster.publishMany}. */
export type PublishOutcome =
  ({ readonly ok: true } & Published) | { readonly ok: false; readonly error: unknown };

/** Publishes to one user, session or role. */
export interface Recipient {
  /** As {@link RealtimeBroadcaster.publish}. */
  publish(event: string, data: unknown, options?: PublishOptions): Promise<Published>;
}

const MAX_TEXT_LENGTH = 200;

/** Publishes events to channels. The server's own: no policy is asked. */
@Injectable()
export class RealtimeBroadcaster {
  private readonly node = randomBytes(9).toString('base64url');
  private operations = 0;

  constructor(
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
    private readonly policies: PolicyRegistry,
    private readonly counters: Counters,
  ) {}

  /**
   * Appends an event to the channel's log and sends it to all who listen. Resolved means stored and published.
   * `data` is anything JSON; undefined becomes null.
   * @throws RealtimeError `bad_request` for a name, an option or data that is not allowed, `too_large` for data over
   * `limits.maxEventBytes`, `unavailable` where the backend cannot be reached (`details.outcome` is `"unknown"` where it may have happened).
   */
  async publish(
    channel: string,
    event: string,
    data: unknown,
    options: PublishOptions = {},
  ): Promise<Published> {
    if (!isPublishableName(channel))
      throw new RealtimeError(
        'bad_request',
        `channel ${JSON.stringify(channel)} is not a name to publish to`,
      );
    return this.append(channel, event, data, options);
  }

  /** Publishes many events, those of one channel in their order and in one step. Says for each what became of it; never rejects. */
  async publishMany(requests: readonly PublishRequest[]): Promise<PublishOutcome[]> {
    const outcomes: PublishOutcome[] = [];
    const byChannel = new Map<string, { index: number; event: AppendEvent }[]>();
    requests.forEach((request, index) => {
      try {
        const group = byChannel.get(request.channel) ?? [];
        group.push({ index, event: this.prepare(request) });
        byChannel.set(request.channel, group);
      } catch (error) {
        outcomes[index] = { ok: false, error };
      }
    });
    await Promise.all([...byChannel].map(([channel, group]) => this.appendGroup(channel, group, outcomes)));
    return outcomes;
  }

  /** The channel that every connection of the user follows, on every device. */
  toUser(userId: string): Recipient {
    return this.recipient(userChannel(userId));
  }

  /** The channel that every connection of the session follows. */
  toSession(sid: string): Recipient {
    return this.recipient(sessionChannel(sid));
  }

  /** The channel that every connection of a principal with the role follows. */
  toRole(role: string): Recipient {
    return this.recipient(roleChannel(role));
  }

  private recipient(channel: string): Recipient {
    return { publish: (event, data, options = {}) => this.append(channel, event, data, options) };
  }

  private async append(
    channel: string,
    event: string,
    data: unknown,
    options: PublishOptions,
  ): Promise<Published> {
    const [appended] = await this.store(channel, [this.eventOf(event, data, options)]);
    return publishedOf(channel, appended!);
  }

  private async appendGroup(
    channel: string,
    group: readonly { index: number; event: AppendEvent }[],
    outcomes: PublishOutcome[],
  ): Promise<void> {
    try {
      const appended = await this.store(
        channel,
        group.map(({ event }) => event),
      );
      group.forEach(
        ({ index }, i) => (outcomes[index] = { ok: true, ...publishedOf(channel, appended[i]!) }),
      );
    } catch (error) {
      for (const { index } of group) outcomes[index] = { ok: false, error };
    }
  }

  private async store(channel: string, events: readonly AppendEvent[]): Promise<Appended[]> {
    try {
      const appended = await this.backend.log.append(channel, events, this.policies.historyOf(channel));
      this.counters.published(appended);
      return appended;
    } catch (error) {
      this.counters.notPublished(error, events.length);
      throw error;
    }
  }

  private prepare({ channel, event, data, ...options }: PublishRequest): AppendEvent {
    if (!isPublishableName(channel))
      throw new RealtimeError(
        'bad_request',
        `channel ${JSON.stringify(channel)} is not a name to publish to`,
      );
    return this.eventOf(event, data, options);
  }

  private eventOf(event: string, data: unknown, options: PublishOptions): AppendEvent {
    if (!isEventName(event))
      throw new RealtimeError('bad_request', `event ${JSON.stringify(event)} is not a name for an event`);
    assertOptions(options);
    const { forRoles, ttlMs, idempotencyKey, correlationId } = options;
    return {
      event,
      data: this.encode(data),
      ...(options.isRetry ? { isRetry: true } : {}),
      operationId: options.operationId ?? `${this.node}-${(this.operations += 1)}`,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(forRoles === undefined ? {} : { roles: [...forRoles] }),
      ...(correlationId === undefined ? {} : { correlationId }),
    };
  }

  private encode(data: unknown): string {
    const text = stringify(data);
    const { maxEventBytes } = this.options.limits;
    const bytes = Buffer.byteLength(text);
    if (bytes > maxEventBytes)
      throw new RealtimeError(
        'too_large',
        `the data has ${bytes} bytes; at most ${maxEventBytes} are allowed`,
      );
    return text;
  }
}

function stringify(data: unknown): string {
  try {
    return JSON.stringify(data) ?? 'null';
  } catch (cause) {
    throw new RealtimeError('bad_request', 'the data is not JSON', { cause });
  }
}

function assertOptions({ idempotencyKey, ttlMs, forRoles, correlationId }: PublishOptions): void {
  assertText('idempotencyKey', idempotencyKey);
  assertText('correlationId', correlationId);
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && ttlMs > 0)) {
    throw new RealtimeError(
      'bad_request',
      `ttlMs is ${String(ttlMs)}; allowed is a whole number of milliseconds over 0`,
    );
  }
  if (
    forRoles !== undefined &&
    !(Array.isArray(forRoles) && forRoles.length > 0 && forRoles.every((role) => typeof role === 'string'))
  ) {
    throw new RealtimeError('bad_request', 'forRoles: allowed is a list of at least one role');
  }
}

function assertText(option: string, value: string | undefined): void {
  if (value === undefined || (typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_LENGTH))
    return;
  throw new RealtimeError('bad_request', `${option}: allowed are 1 to ${MAX_TEXT_LENGTH} characters`);
}

function publishedOf(channel: string, { position }: Appended): Published {
  return { position: encodePosition(channelHash(channel), position), offset: position.offset };
}
