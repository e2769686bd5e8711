import { decodeCursor, channelHash, isChannelName, RealtimeError } from '@nestwire/protocol';
import type { Resume } from '../../channels/subscription.js';

export interface SubscribeRequest {
  readonly channel: string;
  readonly resume: Resume;
}

/** Reads `{channel, position?}`. @throws RealtimeError `bad_request` where it names no channel; a position is never an error. */
export function parseSubscribe(payload: unknown): SubscribeRequest {
  const { channel, position } = asObject(payload);
  if (!isChannelName(channel)) throw new RealtimeError('bad_request', 'channel: not a channel name');
  return { channel, resume: readResume(channel, position) };
}

/** Reads `{channel}`. @throws RealtimeError `bad_request` */
export function parseUnsubscribe(payload: unknown): string {
  const { channel } = asObject(payload);
  if (!isChannelName(channel)) throw new RealtimeError('bad_request', 'channel: not a channel name');
  return channel;
}

/** Where a position, or a whole cursor, says that the client was in the channel. */
export function readResume(channel: string, position: unknown): Resume {
  if (position === undefined || position === null) return undefined;
  if (typeof position !== 'string') return 'unreadable';
  const positions = decodeCursor(position);
  return positions === undefined ? 'unreadable' : positions.get(channelHash(channel));
}

function asObject(payload: unknown): { channel?: unknown; position?: unknown } {
  if (typeof payload !== 'object' || payload === null)
    throw new RealtimeError('bad_request', 'an object is wanted: {channel}');
  return payload;
}
