import { type CloseCode, RESERVED_CHANNEL_PREFIXES } from '@nestwire/protocol';
import type { AppendEvent, LogEntry } from '../backend/event-log.js';

/**
 * What may happen to a session, by the event that says so on the session's own channel. Every connection of a session follows that
 * channel, so every node that has one hears of it, and hears of it later where it was cut off.
 */
export const CHANGE_CODES = {
  'realtime.session-revoked': 'session_revoked',
  // Whoever opened a connection with the secret of before need not be who holds the new one.
  'realtime.session-rotated': 'retry',
} as const satisfies Record<string, CloseCode>;

export type SessionChange = keyof typeof CHANGE_CODES;

/** The event for the session's channel; it is for nodes, and no client is given it. */
export function sessionChangeEvent(event: SessionChange, operationId: string): AppendEvent {
  return sessionNote(event, 'null', operationId);
}

/** An event on a session's channel from node to node. */
export function sessionNote(event: string, data: string, operationId: string): AppendEvent {
  return { event, data, roles: [], operationId };
}

/** The code to close a session's connections with, where the entry says so. */
export function closeCodeOf(entry: LogEntry): CloseCode | undefined {
  return Object.hasOwn(CHANGE_CODES, entry.event) ? CHANGE_CODES[entry.event as SessionChange] : undefined;
}

/** The session that a channel is of. */
export function sessionOf(channel: string): string | undefined {
  const { session } = RESERVED_CHANNEL_PREFIXES;
  return channel.startsWith(session) ? channel.slice(session.length) : undefined;
}
