import { isEventName, isPublishableName } from '@nestwire/protocol';
import type { AnyResult, RealtimeContext } from './realtime-context.js';
import { Template } from './template.js';

/** How a handler's result is published. */
export interface RealtimePublishOptions<Result = AnyResult> {
  /**
   * The channel: a template over `params`, `query`, `body`, `result` and `principal` (`orders:{result.region}`), whose values may hold
   * what a channel's placeholder matches and nothing else, or a function. Several channels get one event each; an empty array none.
   */
  channel: string | ((context: RealtimeContext<Result>) => string | readonly string[]);
  /** The event's name. */
  event: string;
  /** What is published. Default: the result itself; `undefined` is published as null. */
  data?: (result: Result, context: RealtimeContext<Result>) => unknown;
  /**
   * Within 5 minutes the same key in the same channel is the same event: a template, or a function. Needed on `@EventPattern`,
   * whose brokers deliver a message again.
   */
  idempotencyKey?: string | ((context: RealtimeContext<Result>) => string | undefined);
  /** Travels with the event as `x`: a template, or a function. */
  correlationId?: string | ((context: RealtimeContext<Result>) => string | undefined);
  /** After so many milliseconds the event is no longer delivered. Default: as long as the channel's history keeps it. */
  ttlMs?: number;
  /** Delivered only to principals that hold one of these. Default: to all who listen. */
  forRoles?: readonly string[];
  /**
   * True: the answer waits for the broadcast, and fails with it, although the handler has run. Default false: the result stands, and
   * a broadcast that keeps failing goes to `onError`.
   */
  required?: boolean;
}

/** One event on its way to the broadcaster. */
export interface Message {
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
  readonly idempotencyKey?: string;
  readonly correlationId?: string;
  readonly ttlMs?: number;
  readonly forRoles?: readonly string[];
}

/** Publish options, checked and with their templates read. */
export class Publication {
  readonly event: string;
  readonly required: boolean;
  readonly hasIdempotencyKey: boolean;
  private readonly channels: (context: RealtimeContext) => string | readonly string[] | undefined;
  private readonly idempotencyKey: (context: RealtimeContext) => string | undefined;
  private readonly correlationId: (context: RealtimeContext) => string | undefined;

  /** @throws Error that says which option is wrong. */
  constructor(private readonly options: RealtimePublishOptions) {
    assertOptions(options);
    this.event = options.event;
    this.required = options.required ?? false;
    this.hasIdempotencyKey = options.idempotencyKey !== undefined;
    this.channels = textOf(options.channel);
    this.idempotencyKey = textOf(options.idempotencyKey);
    this.correlationId = textOf(options.correlationId);
  }

  /** The events to publish. @throws RealtimeError where a template has no value; whatever a function of the options throws. */
  messages(context: RealtimeContext): Message[] {
    const { data, ttlMs, forRoles } = this.options;
    const message = {
      event: this.event,
      data: (data === undefined ? context.result : data(context.result, context)) ?? null,
      idempotencyKey: this.idempotencyKey(context),
      correlationId: this.correlationId(context),
      ttlMs,
      forRoles,
    };
    return [this.channels(context) ?? []].flat().map((channel) => ({ channel, ...message }));
  }
}

function textOf<T>(
  option: string | ((context: RealtimeContext) => T) | undefined,
): (context: RealtimeContext) => T | string | undefined {
  if (typeof option === 'function') return option;
  if (option === undefined) return () => undefined;
  const template = new Template(option);
  return (context) => template.render(context);
}

function assertOptions({ channel, event, ttlMs, forRoles }: RealtimePublishOptions): void {
  if (!isEventName(event))
    throw new Error(`event is ${JSON.stringify(event)}, which is not the name of an event`);
  if (typeof channel !== 'string' && typeof channel !== 'function')
    throw new Error('channel must be a template or a function');
  if (typeof channel === 'string' && !isPublishableName(channel.replace(/\{[^{}]*\}/g, 'x'))) {
    throw new Error(`channel is "${channel}", which cannot become the name of a channel`);
  }
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && ttlMs > 0)) {
    throw new Error(`ttlMs is ${ttlMs}; allowed is a whole number of milliseconds from 1`);
  }
  assertRoles('forRoles', forRoles);
}

/** @throws Error where it is neither left out nor a list of names; an empty list would let nobody in, and is refused. */
export function assertRoles(option: string, roles: readonly string[] | undefined): void {
  if (roles === undefined) return;
  if (
    !Array.isArray(roles) ||
    roles.length === 0 ||
    !roles.every((role) => typeof role === 'string' && role !== '')
  ) {
    throw new Error(`${option} is ${JSON.stringify(roles)}; allowed is a list of at least one role`);
  }
}
