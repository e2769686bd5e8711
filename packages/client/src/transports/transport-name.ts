/** Over what a connection goes. */
export type TransportName = 'websocket' | 'sse';
