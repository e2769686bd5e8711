import type { AppendEvent, LogEntry } from '@nestwire/realtime';

/** What of an entry the node writes, beside the data: event, operation, roles, correlation id, time to live in ms. */
type Head = [
  event: string,
  operationId: string,
  roles: readonly string[] | null,
  correlationId: string | null,
  ttlMs: number | null,
];

/** The part of an entry's text that is made by the node: JSON without line breaks. */
export function headText(event: Omit<AppendEvent, 'data'>): string {
  const { operationId, roles = null, correlationId = null, ttlMs = null } = event;
  return JSON.stringify([event.event, operationId, roles, correlationId, ttlMs] satisfies Head);
}

/** An entry from a stream: its id `OFFSET-TAG` and its text `PREVTAG TIME HEAD\nDATA`. */
export function parseEntry(epoch: string, id: string, value: string): LogEntry {
  const [offset, tag] = id.split('-');
  const line = value.indexOf('\n');
  return entryOf(epoch, `${offset} ${tag} ${value.slice(0, line)}`, value.slice(line + 1));
}

/** Entries as they are published: the epoch, then for each entry two lines, `OFFSET TAG PREVTAG TIME HEAD` and DATA. */
export function parsePublished(message: string): LogEntry[] {
  const [epoch = '', ...lines] = message.split('\n');
  const entries: LogEntry[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) entries.push(entryOf(epoch, lines[i]!, lines[i + 1]!));
  return entries;
}

const LINE = /^(\d+) (\d+) (\d+) (\d+) (.*)$/;

function entryOf(epoch: string, line: string, data: string): LogEntry {
  const [, offset, tag, previousTag, timeText, headJson] = LINE.exec(line)!;
  const [event, , roles, correlationId, ttlMs] = JSON.parse(headJson!) as Head;
  const time = Number(timeText);
  return {
    epoch,
    offset: Number(offset),
    tag: Number(tag),
    previousTag: Number(previousTag),
    time,
    event,
    data,
    ...(roles === null ? {} : { roles }),
    ...(correlationId === null ? {} : { correlationId }),
    ...(ttlMs === null ? {} : { expiresAt: time + ttlMs }),
  };
}
