import type { ConnectionState } from '../connection/connection-state.js';
import type { Connector, Traffic } from '../connection/connector.js';
import type { DebugLog } from '../debug-log.js';
import type { Environment } from '../environment.js';
import type { toError } from '../errors.js';
import type { Store } from '../observable.js';
import type { TabPlatform } from './platform.js';

export interface TabOptions {
  readonly group: string;
  readonly platform: TabPlatform;
  readonly state: Store<ConnectionState>;
  readonly traffic: Traffic;
  readonly debug: DebugLog;
  readonly environment: Environment;
  /** A leader that says nothing for so long when it is asked is no leader any more, in milliseconds. */
  readonly hostTimeoutMs: number;
  readonly toError: typeof toError;
  /** Makes the connection of a tab that leads. */
  connect(traffic: Traffic): Connector;
}
