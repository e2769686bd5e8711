import type { EventsOf } from '@nestwire/protocol';
import type { GapReason, RealtimeError } from '@nestwire/protocol';
import type { Observable } from '../observable.js';

/** One event of a channel. */
export interface ChannelEvent<Name extends string = string, Data = unknown> {
  readonly channel: string;
  readonly event: Name;
  readonly data: Data;
  /** Rises within a channel, and may skip. */
  readonly offset: number;
  /** When it was published, milliseconds since 1970. */
  readonly time: number;
  /** It was missed, and comes later. */
  readonly replayed: boolean;
  readonly correlationId?: string;
}

/** The channel went on where it was; up to `replay` events that were missed follow. */
export interface Recovered {
  readonly channel: string;
  readonly replay: number;
}

/** Events are missing and cannot be had: load anew what was made of them. */
export interface ChannelGap {
  readonly channel: string;
  /** `unrecovered`: the client was away for longer than the channel's history. The others are of the wire. */
  readonly reason: GapReason | 'unrecovered';
}

/** - `idle`: nobody listens. - `failed`: the server has refused it, see `error`. */
export type ChannelStatus = 'idle' | 'subscribing' | 'subscribed' | 'failed';

/** How a channel is, and why it was refused. */
export interface ChannelState {
  readonly status: ChannelStatus;
  readonly error?: RealtimeError;
}

/** What a channel says of itself, beside its events. */
export interface ChannelNotices {
  recovered: Recovered;
  gap: ChannelGap;
  error: RealtimeError;
}

/** Ends what it was returned for; may be called again. */
export type Unsubscribe = () => void;

type NameOf<Events> = Extract<keyof Events, string>;

/**
 * A channel, as everybody in this client shares it. It is subscribed to while somebody listens, once however many listen; each event
 * is handed over once, in order. `recovered`, `gap` and `error` are the channel's own words: an application's event of such a name
 * is heard with `'*'`.
 */
export interface Channel<Events = Record<string, unknown>> extends AsyncIterable<
  ChannelEvent<NameOf<Events>, Events[keyof Events]>
> {
  readonly name: string;
  readonly state: Observable<ChannelState>;
  /** Hears what the channel says of itself. */
  on<Name extends keyof ChannelNotices>(
    notice: Name,
    listener: (notice: ChannelNotices[Name]) => void,
  ): Unsubscribe;
  /** Hears every event. */
  on(every: '*', listener: (event: ChannelEvent<NameOf<Events>, Events[keyof Events]>) => void): Unsubscribe;
  /** Hears the events of one name. @throws RealtimeError `bad_request` where it is no event's name. */
  on<Name extends NameOf<Events>>(
    event: Name,
    listener: (data: Events[Name], event: ChannelEvent<Name, Events[Name]>) => void,
  ): Unsubscribe;
  /**
   * The channel's events from now on, for `for await`; ends with the signal. Where its reader falls 1,000 events behind,
   * it throws a `RealtimeError` `too_large`: nothing is dropped in silence.
   */
  events(options?: {
    signal?: AbortSignal;
  }): AsyncIterableIterator<ChannelEvent<NameOf<Events>, Events[keyof Events]>>;
  /** Publishes, where the channel's policy lets clients. @throws RealtimeError */
  publish<Name extends NameOf<Events>>(
    event: Name,
    data: Events[Name],
    options?: { idempotencyKey?: string; correlationId?: string },
  ): Promise<{ offset: number }>;
}

/** The channel of a name, with the events that `RealtimeEvents` gives to its pattern. */
// oxlint-disable-next-line typescript/no-unnecessary-type-arguments -- an application that declares its events has other ones here than the default
export type ChannelOf<Name extends string> = Channel<EventsOf<Name>>;
