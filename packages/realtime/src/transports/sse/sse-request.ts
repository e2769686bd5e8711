import type { IncomingMessage } from 'node:http';
import {
  channelHash,
  type CursorPositions,
  decodeCursor,
  MAX_CHANNELS_PER_STREAM,
  MAX_CURSOR_LENGTH,
  MAX_STREAM_REQUEST_LENGTH,
  RealtimeError,
} from '@nestwire/protocol';
import type { Resume } from '../../channels/subscription.js';

/** A position and what separates it from the next, in characters. */
const POSITION_LENGTH = 33;

/** What a stream's request asks for. */
export interface SseRequest {
  /** As the client gave them: their names are not checked yet. */
  readonly channels: readonly string[];
  readonly cursor: StreamCursor;
  readonly ticket: string | undefined;
}

/** A request that is too long or asks for too many channels; answered with 414. */
export class StreamRequestTooLarge extends RealtimeError {
  constructor(what: string) {
    super('too_large', what);
  }
}

/** The cursor that a request brings, and the room for those that it is to bring when it comes back. */
export class StreamCursor {
  private readonly positions: CursorPositions | undefined;

  constructor(
    private readonly text: string,
    /** Longest cursor that this stream may be given, in characters. */
    private readonly maxLength: number,
  ) {
    this.positions = decodeCursor(text);
  }

  /** Where the client was in a channel; undefined where it says nothing of it. */
  resumeOf(channel: string): Resume {
    if (this.positions === undefined) return 'unreadable';
    return this.positions.get(channelHash(channel)) ?? (this.isFull ? 'unreadable' : undefined);
  }

  /** For so many positions there is room in the cursor that the stream is given. */
  get room(): number {
    return Math.floor((this.maxLength + 1) / POSITION_LENGTH);
  }

  /** What is missing may have found no room. */
  private get isFull(): boolean {
    return this.text.length + POSITION_LENGTH > this.maxLength;
  }
}

/** Reads the request. @throws StreamRequestTooLarge before anything else is looked at. */
export function parseSseRequest(request: IncomingMessage): SseRequest {
  const url = request.url ?? '';
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1 || url.length));
  const header = request.headers['last-event-id'];
  const cursor = (typeof header === 'string' && header !== '' ? header : query.get('lastEventId')) ?? '';
  const channels = [
    ...new Set(query.getAll('channels').flatMap((list) => (list === '' ? [] : list.split(',')))),
  ];
  if (channels.length > MAX_CHANNELS_PER_STREAM)
    throw new StreamRequestTooLarge(`a stream has at most ${MAX_CHANNELS_PER_STREAM} channels`);
  if (cursor.length > MAX_CURSOR_LENGTH) throw new StreamRequestTooLarge('the cursor is too long');
  // With the cursor that it will come back with: otherwise it would be let in once, and never again.
  const length = Math.max(cursor === header ? cursor.length : 0, channels.length * POSITION_LENGTH);
  if (url.length + length > MAX_STREAM_REQUEST_LENGTH)
    throw new StreamRequestTooLarge('the URL and the cursor are too long');
  const maxLength = Math.min(MAX_CURSOR_LENGTH, MAX_STREAM_REQUEST_LENGTH - url.length);
  return {
    channels,
    cursor: new StreamCursor(cursor, maxLength),
    ticket: query.get('ticket') ?? undefined,
  };
}
