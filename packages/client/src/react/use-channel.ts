'use client';

import type { EventsOf } from '@nestwire/protocol';
import { useEffect } from 'react';
import type { Channel, ChannelEvent, ChannelNotices, ChannelState } from '../channels/channel.types.js';
import { useRealtimeClient } from './provider.js';
import { useLatest } from './use-latest.js';
import { useObservable } from './use-observable.js';

type NameOf<Events> = Extract<keyof Events, string>;

type EventListeners<Events> = string extends keyof Events
  ? // Beside listeners for any name, those of the channel's own words must fit too.
    // oxlint-disable-next-line typescript/no-explicit-any -- a listener that declares what it takes does not fit `unknown`, and nothing is known of this channel's events
    { readonly [name: string]: ((data: any, event: ChannelEvent) => void) | undefined }
  : {
      readonly [Name in Exclude<NameOf<Events>, keyof ChannelNotices | '*'>]?: (
        data: Events[Name],
        event: ChannelEvent<Name, Events[Name]>,
      ) => void;
    };

/** Listeners by event; `*` hears every event. `recovered`, `gap` and `error` are the channel's own words. */
export type ChannelListeners<Events> = EventListeners<Events> & {
  readonly [Notice in keyof ChannelNotices]?: (notice: ChannelNotices[Notice]) => void;
} & {
  /** Every event. */
  readonly '*'?: (event: ChannelEvent<NameOf<Events>, Events[keyof Events]>) => void;
};

const IDLE: ChannelState = { status: 'idle' };

/**
 * Listens to a channel while the component is mounted, and says how the channel is. Listeners may be written in place: the latest are
 * called, and the channel is not subscribed to anew.
 * @throws RealtimeError `bad_request` where it is no channel's name.
 */
export function useChannel<Name extends string>(
  name: Name,
  listeners: ChannelListeners<EventsOf<Name>> = {},
): ChannelState {
  // One type of listener for all names: each is called with what its own name brings.
  const channel = useRealtimeClient().channel<string>(name) as Channel;
  const latest = useLatest(listeners as Record<string, ((...args: unknown[]) => void) | undefined>);
  const heard = Object.entries(listeners)
    .filter(([, listener]) => listener !== undefined)
    .map(([event]) => event)
    .sort()
    .join();
  useEffect(() => {
    const events = heard === '' ? [] : heard.split(',');
    const ends = events.map((event) =>
      channel.on(event, (...args: unknown[]) => latest.current[event]?.(...args)),
    );
    return () => ends.forEach((end) => end());
  }, [channel, heard, latest]);
  return useObservable(channel.state, IDLE);
}
