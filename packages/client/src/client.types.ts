import type { ConnectionState } from './connection/connection-state.js';
import type { Quality } from './connection/quality.js';
import type { ChannelOf } from './channels/channel.types.js';
import type { DebugLog } from './debug-log.js';
import type { Observable } from './observable.js';
import type { StateDocument, StateOptions } from './state/document.types.js';

/** How one command is run. */
export interface CommandOptions {
  /** How long to wait for the answer once it is sent, in milliseconds. Default: the client's `commandTimeoutMs`. */
  timeoutMs?: number;
  /** Default: a random one. The same id and data again get the first answer, and nothing runs twice. 1 to 64 printable ASCII characters. */
  id?: string;
  /** `queue`: kept until there is a connection; `fail`: refused at once where there is none. Default `queue`. */
  offline?: 'queue' | 'fail';
  /** Gives the command up. One that was sent may have run. */
  signal?: AbortSignal;
}

/** A connection to a Nestwire server, and all that goes over it. It connects by itself when it is first used. */
export interface RealtimeClient extends AsyncDisposable {
  readonly connection: Observable<ConnectionState>;
  readonly quality: Observable<Quality>;
  /** What waits to be sent, in number. */
  readonly queued: Observable<number>;
  readonly debug: DebugLog;
  /** The same object for the same name. @throws RealtimeError `bad_request` where it is no channel's name. */
  channel<Name extends string>(name: Name): ChannelOf<Name>;
  /** Runs a command on the server, and resolves with its answer. @throws RealtimeError */
  command<Result = unknown>(name: string, data?: unknown, options?: CommandOptions): Promise<Result>;
  /** The same object for the same id; the options of the first call hold. @throws RealtimeError `bad_request` */
  state<T extends object = Record<string, unknown>>(id: string, options?: StateOptions<T>): StateDocument<T>;
  /** Connects now, also after the server has said not to come back. */
  connect(): void;
  /** Ends the connection until `connect()`. What is queued is kept. */
  disconnect(): void;
  /** Ends everything for good: what is queued in memory fails, what is stored is kept. */
  close(): Promise<void>;
}
