import { encodeVersion } from '@nestwire/protocol';
import type { LogEntry } from '../backend/event-log.js';
import type { Chunk } from '../channels/chunk.js';

export interface EnvelopeTextOptions {
  /** Whether the event's name is in the envelope: on Socket.IO, not on SSE. */
  named: boolean;
}

/** An entry's envelope as JSON text, around the data's own text, which is never parsed. */
export function envelopeText(
  { channel, replayed }: Chunk,
  entry: LogEntry,
  { named }: EnvelopeTextOptions,
): string {
  const name = named ? `,"n":"${entry.event}"` : '';
  const mark = replayed ? ',"r":1' : '';
  const correlation = entry.correlationId === undefined ? '' : `,"x":${JSON.stringify(entry.correlationId)}`;
  const version = channel.versioned ? `,"v":"${encodeVersion(entry)}"` : '';
  return `{"c":"${channel.name}","o":${entry.offset},"t":${entry.time}${name},"d":${entry.data}${mark}${correlation}${version}}`;
}
