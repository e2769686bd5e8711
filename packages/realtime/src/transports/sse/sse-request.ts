import type { IncomingMessage } from 'node:http';
import {
  type CursorPositions,
  decodeCursor,
  MAX_CHANNELS_PER_STREAM,
  MAX_CURSOR_LENGTH,
  MAX_STREAM_REQUEST_LENGTH,
  RealtimeError,
} from '@nestwire/protocol';

/** What a stream's request asks for. */
export interface SseRequest {
  /** As the client gave them: their names are not checked yet. */
  readonly channels: readonly string[];
  /** The cursor's positions; `unreadable` where it is none of ours; undefined where there is none. */
  readonly cursor: CursorPositions | 'unreadable' | undefined;
  readonly ticket: string | undefined;
}

/** A request that is too long or asks for too many channels; answered with 414. */
export class StreamRequestTooLarge extends RealtimeError {
  constructor(what: string) {
    super('too_large', what);
  }
}

/** Reads the request. @throws StreamRequestTooLarge before anything else is looked at. */
export function parseSseRequest(request: IncomingMessage): SseRequest {
  const url = request.url ?? '';
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1 || url.length));
  const header = request.headers['last-event-id'];
  const cursor = (typeof header === 'string' && header !== '' ? header : query.get('lastEventId')) ?? '';
  const fromHeader = cursor === header ? cursor.length : 0;
  if (url.length + fromHeader > MAX_STREAM_REQUEST_LENGTH)
    throw new StreamRequestTooLarge('the URL and the cursor are too long');
  if (cursor.length > MAX_CURSOR_LENGTH) throw new StreamRequestTooLarge('the cursor is too long');
  const channels = [
    ...new Set(query.getAll('channels').flatMap((list) => (list === '' ? [] : list.split(',')))),
  ];
  if (channels.length > MAX_CHANNELS_PER_STREAM) {
    throw new StreamRequestTooLarge(`a stream has at most ${MAX_CHANNELS_PER_STREAM} channels`);
  }
  return { channels, cursor: readCursor(cursor), ticket: query.get('ticket') ?? undefined };
}

function readCursor(text: string): SseRequest['cursor'] {
  return text === '' ? undefined : (decodeCursor(text) ?? 'unreadable');
}
