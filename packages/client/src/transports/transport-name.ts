export type TransportName = 'websocket' | 'sse';
