export { RealtimeProvider, type RealtimeProviderProps, useRealtimeClient } from './provider.js';
export { type ChannelListeners, useChannel } from './use-channel.js';
export { type CommandState, type CommandView, useCommand } from './use-command.js';
export { type ConnectionView, useConnection } from './use-connection.js';
export { type RealtimeStateView, useRealtimeState } from './use-realtime-state.js';
