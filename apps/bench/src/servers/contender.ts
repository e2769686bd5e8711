import type { Message } from '../message.js';

/** What a server process runs: Nestwire or one of its peers, as its own documentation says. */
export interface Contender {
  /** Listens on a free port of loopback, and says which. */
  listen(): Promise<number>;
  /** Publishes to all who listen to the channel, on every node. */
  publish(channel: string, message: Message): unknown;
  /** What else it can be asked by the runner. */
  readonly operations?: Readonly<Record<string, (argument: never) => unknown>>;
}

export type StartContender = (redisUrl: string, options: ContenderOptions) => Promise<Contender>;

export interface ContenderOptions {
  /** Joins what a tick brings in one write; for bare sockets. */
  readonly joined?: boolean;
  /** Reads once for all who come back with the same position; for replays. */
  readonly shared?: boolean;
  /** Nodes in one process; for the simulation. Default 1. */
  readonly nodes?: number;
  /** For Socket.IO. */
  readonly adapter?: 'classic' | 'sharded' | 'streams';
}
