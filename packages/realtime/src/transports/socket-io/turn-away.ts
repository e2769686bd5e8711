import { type CloseNotice, CONTROL_EVENTS } from '@nestwire/protocol';
import type { Socket } from './socket-io.types.js';

/** Socket.IO's packet types. */
const [CONNECT, EVENT] = [0, 2];

/**
 * Tells a client that is not let in for now why, and cuts its transport, so that it comes back. After a `connect_error` Socket.IO's own
 * client never does: it is told that it has joined, and hears `close` in place of `ready`. The socket stays outside the namespace.
 */
export function turnAway({ id, nsp, conn }: Socket, notice: CloseNotice): void {
  const packets = [
    { type: CONNECT, nsp: nsp.name, data: { sid: id } },
    { type: EVENT, nsp: nsp.name, data: [CONTROL_EVENTS.close, notice] },
  ];
  for (const packet of packets)
    for (const encoded of nsp.server.encoder.encode(packet)) conn.write(encoded as string);
  conn.close();
}
