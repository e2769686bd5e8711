import type { Dialect } from './load/dialects.js';
import type { ContenderOptions } from './servers/contender.js';
import type { ServerKind } from './servers/main.js';

/** One row of a table: a server, and how its clients talk to it. */
export interface Entrant {
  readonly name: string;
  readonly kind: ServerKind;
  readonly dialect: Dialect;
  readonly options?: ContenderOptions;
  /** Its clients have a session, a user and two roles each, and listen to three channels. */
  readonly principals?: boolean;
}

export const OURS = 'Nestwire';
export const OURS_WITH_PRINCIPALS = 'Nestwire, principals';

const nestwire = (dialect: Dialect): Entrant[] => [
  { name: OURS, kind: 'nestwire', dialect },
  { name: OURS_WITH_PRINCIPALS, kind: 'nestwire', dialect, principals: true },
];

export const SOCKET_IO_ENTRANTS: readonly Entrant[] = [
  ...nestwire('nestwire-socket.io'),
  { name: 'redis-adapter', kind: 'socket.io', dialect: 'socket.io', options: { adapter: 'classic' } },
  {
    name: 'redis-adapter, sharded',
    kind: 'socket.io',
    dialect: 'socket.io',
    options: { adapter: 'sharded' },
  },
  { name: 'redis-streams-adapter', kind: 'socket.io', dialect: 'socket.io', options: { adapter: 'streams' } },
  { name: 'bare ws', kind: 'ws', dialect: 'ws' },
  { name: 'limit: ws, joined per tick', kind: 'ws', dialect: 'ws', options: { joined: true } },
];

export const SSE_ENTRANTS: readonly Entrant[] = [
  ...nestwire('nestwire-sse'),
  { name: '@Sse', kind: '@Sse', dialect: 'sse' },
  { name: 'better-sse', kind: 'better-sse', dialect: 'sse' },
  { name: 'bare node:http', kind: 'node:http', dialect: 'sse' },
  { name: 'limit: node:http, joined per tick', kind: 'node:http', dialect: 'sse', options: { joined: true } },
];
