import type { ErrorBody } from './errors.js';

/** A client's command. */
export interface Command<T = unknown> {
  /** 1 to 64 characters, unique per session, else per connection. The same id and body again gets the first reply. */
  id: string;
  command: string;
  data?: T;
}

/** The answer to a command, under the command's id; null where that could not be read. */
export type Reply<T = unknown> =
  { id: string; ok: true; data?: T } | { id: string | null; ok: false; error: ErrorBody };

/** The library's own commands. */
export const COMMANDS = {
  publish: 'realtime.publish',
  stateGet: 'realtime.state.get',
  statePatch: 'realtime.state.patch',
  auth: 'realtime.auth',
  heartbeat: 'realtime.heartbeat',
  ack: 'realtime.ack',
} as const;
