export * from '@nestwire/protocol';
export type * from './client.types.js';
export type * from './channels/channel.types.js';
export type * from './connection/connection-state.js';
export type { Quality } from './connection/quality.js';
export type { DebugEntry, DebugLog } from './debug-log.js';
export type { Observable } from './observable.js';
export type * from './state/document.types.js';
export type { TransportName } from './transports/link.js';
