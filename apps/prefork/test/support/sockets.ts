import { Agent } from 'node:http';
import { waitFor } from '@nestwire/harness';
import { io, type ManagerOptions, type Socket } from 'socket.io-client';

/** A `socket.io-client` that has subscribed to one channel. */
export interface Subscriber extends Disposable {
  readonly offsets: readonly number[];
  /** Reasons of disconnects, and errors of connecting. */
  readonly troubles: readonly string[];
  readonly transport: string;
}

export async function subscribe(
  url: string,
  channel: string,
  options: Partial<ManagerOptions>,
): Promise<Subscriber> {
  const socket: Socket = io(`${url}/realtime`, { forceNew: true, ...options });
  const offsets: number[] = [];
  const troubles: string[] = [];
  socket.on('events', (envelopes: { o: number }[]) => offsets.push(...envelopes.map(({ o }) => o)));
  socket.on('disconnect', (reason) => troubles.push(reason));
  socket.on('connect_error', (error) => troubles.push(error.message));
  await waitFor(() => socket.connected, {
    what: `a socket over ${options.transports?.join()}`,
    timeoutMs: 10_000,
  });
  await socket.timeout(5_000).emitWithAck('subscribe', { channel });
  return {
    offsets,
    troubles,
    get transport() {
      return socket.io.engine.transport.name;
    },
    [Symbol.dispose]: () => void socket.disconnect(),
  };
}

/** Connections that several clients take turns on, as behind a proxy. */
export function sharedConnections(count: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: count, maxFreeSockets: count });
}
