import type { LogEntry } from '../backend/event-log.js';
import type { Transport } from '../observability/counters.js';
import type { Receiver } from './round.js';

/** A live listener of a channel. */
export interface Listener {
  readonly receiver: Receiver;
  readonly transport: Transport;
  /** Roles of its principal. */
  readonly roles: readonly string[];
  /** Its place in its audience; owned by {@link Audience}. */
  place: number;
  /** The channel has a hole for it: it goes on after the hole. */
  onGap(gap: { reason: 'expired' | 'epoch' | 'unreadable' }): void;
}

/** Listeners of one channel that see the same events, because they hold the same roles. */
export class Audience {
  listeners: Listener[] = [];
  /** How many of them there are on each transport. */
  readonly sizes: Record<Transport, number> = { 'socket.io': 0, sse: 0 };
  /** True where the position moved past events that this audience does not see, and it was not told yet. */
  behind = false;

  constructor(readonly roles: readonly string[]) {}

  static keyOf(roles: readonly string[]): string {
    return roles.length === 0 ? '' : JSON.stringify([...roles].sort());
  }

  add(listener: Listener): void {
    // Most channels of a session or a user have one listener, and a list that is pushed to has room for sixteen more.
    if (this.listeners.length === 0) this.listeners = [listener];
    else this.listeners.push(listener);
    listener.place = this.listeners.length - 1;
    this.sizes[listener.transport] += 1;
  }

  remove(listener: Listener): void {
    this.sizes[listener.transport] -= 1;
    const last = this.listeners.pop();
    if (last === undefined || last === listener) return;
    this.listeners[listener.place] = last;
    last.place = listener.place;
  }
}

/** True where a principal with these roles may be given the entry now. */
export function isVisible(entry: LogEntry, roles: readonly string[], now: number): boolean {
  if (entry.expiresAt !== undefined && entry.expiresAt <= now) return false;
  return entry.roles === undefined || entry.roles.some((role) => roles.includes(role));
}

/** True where everybody sees the entry at any time. */
export function isPublic(entry: LogEntry): boolean {
  return entry.roles === undefined && entry.expiresAt === undefined;
}
