import type { AppendEvent, LogEntry, Position } from '@nestwire/realtime';
import { nextTag } from './random.js';

/** What of an entry the node writes, beside the data: event, operation, roles, correlation id, time to live in ms. */
type Head = [
  event: string,
  operationId: string,
  roles?: readonly string[] | null,
  correlationId?: string | null,
  ttlMs?: number | null,
];

/** The part of an entry's text that is made by the node: JSON without line breaks, and without what is not said at its end. */
export function headText(event: Omit<AppendEvent, 'data'>): string {
  const { operationId, roles, correlationId, ttlMs } = event;
  const head: Head = [event.event, operationId];
  if (roles !== undefined || correlationId !== undefined || ttlMs !== undefined)
    head.push(roles ?? null, correlationId ?? null, ttlMs ?? null);
  return JSON.stringify(head);
}

/** An entry's own text, as a stream's value. */
export function bodyText(event: AppendEvent): string {
  return `${headText(event)}\n${event.data}`;
}

/** An entry's id in its stream, `OFFSET-TAG`. */
export function parseId(epoch: string, id: string): Position {
  const dash = id.indexOf('-');
  return { epoch, offset: Number(id.slice(0, dash)), tag: Number(id.slice(dash + 1)) };
}

/** An entry from a stream: its id, the name of its one field, `PREVIOUS_ID SECONDS MICROSECONDS `, and the value, `HEAD\nDATA`. */
export function parseEntry(epoch: string, id: string, name: string, body: string): LogEntry {
  const [previousId, seconds, microseconds] = name.split(' ');
  const { tag: previousTag } = parseId(epoch, previousId!);
  const line = body.indexOf('\n');
  const stamp = { ...parseId(epoch, id), previousTag, time: timeOf(seconds!, microseconds!) };
  return entryOf(stamp, body.slice(0, line), body.slice(line + 1));
}

/**
 * Entries as they are published, one after the other: the epoch, `PREVIOUS_ID SECONDS MICROSECONDS TAG` with the first one's tag, and
 * HEAD and DATA of each, a line each.
 */
export function parsePublished(message: string): LogEntry[] {
  const [epoch = '', head = '', ...lines] = message.split('\n');
  const [previousId, seconds, microseconds, firstTag] = head.split(' ');
  const time = timeOf(seconds!, microseconds!);
  let { offset, tag: previousTag } = parseId(epoch, previousId!);
  let tag = Number(firstTag);
  const entries: LogEntry[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    offset += 1;
    entries.push(entryOf({ epoch, offset, tag, previousTag, time }, lines[i]!, lines[i + 1]!));
    previousTag = tag;
    tag = nextTag(tag);
  }
  return entries;
}

/** The server's clock, in milliseconds since 1970. */
export function timeOf(seconds: string, microseconds: string): number {
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

type Stamp = Pick<LogEntry, 'epoch' | 'offset' | 'tag' | 'previousTag' | 'time'>;

function entryOf(stamp: Stamp, headJson: string, data: string): LogEntry {
  const [event, , roles = null, correlationId = null, ttlMs = null] = JSON.parse(headJson) as Head;
  return {
    ...stamp,
    event,
    data,
    ...(roles === null ? {} : { roles }),
    ...(correlationId === null ? {} : { correlationId }),
    ...(ttlMs === null ? {} : { expiresAt: stamp.time + ttlMs }),
  };
}
