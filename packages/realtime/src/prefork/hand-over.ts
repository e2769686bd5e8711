import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Server } from '../transports/socket-io/socket-io.types.js';
import { type HandOver, type ToWorker, workerName } from './messages.js';
import { textOf } from './request-text.js';
import { stopReading } from './stop-reading.js';

/** HTTP servers that take connections from other workers: several Socket.IO servers may share one. */
const receiving = new WeakSet<HttpServer>();

/**
 * In a worker of `prefork`: lets the requests of a Socket.IO session reach the worker that has it, whatever connections and proxies
 * they come through. The session's id names its worker; a request that arrives at another takes its whole connection there, from process
 * to process, so that what follows on the connection is where it belongs already.
 */
export function shareSessions(io: Server, http: HttpServer): void {
  const worker = workerName();
  if (worker === undefined) return;
  nameSessions(io, worker);
  divert(http, (request) => {
    const owner = ownerOf(request, io.path());
    return owner === worker || !canBeSent(request) ? undefined : owner;
  });
  if (receiving.has(http)) return;
  receiving.add(http);
  receive(http);
}

function nameSessions({ engine }: Server, worker: string): void {
  const generateId = engine.generateId.bind(engine);
  engine.generateId = async (request: IncomingMessage) => `${worker}.${await generateId(request)}`;
}

/** The worker that the request's session names; undefined where the request is for none. */
function ownerOf({ url = '' }: IncomingMessage, path: string): string | undefined {
  return url.startsWith(path) ? /[?&]sid=(\d+)\./.exec(url)?.[1] : undefined;
}

/** Not where this process has done TLS: its state cannot leave. The session is not found then, and its client begins another. */
function canBeSent({ socket }: IncomingMessage): boolean {
  return socket instanceof Socket && !(socket instanceof TLSSocket) && process.connected;
}

/** Takes requests away before anybody hears of them. */
function divert(http: HttpServer, ownerElsewhere: (request: IncomingMessage) => string | undefined): void {
  const emit = http.emit.bind(http) as (event: string, ...args: unknown[]) => boolean;
  http.emit = (event: string, ...args: unknown[]): boolean => {
    const request = args[0] as IncomingMessage;
    const owner = event === 'request' || event === 'upgrade' ? ownerElsewhere(request) : undefined;
    if (owner === undefined) return emit(event, ...args);
    const rest = event === 'upgrade' ? (args[2] as Buffer) : undefined;
    void handOver(request, rest, { worker: owner, address: addressOf(http) });
    return true;
  };
}

/** `rest` is what has come after an upgrade's head; any other request has a body to be read first. */
async function handOver(
  request: IncomingMessage,
  rest: Buffer | undefined,
  to: Pick<HandOver, 'worker' | 'address'>,
): Promise<void> {
  const { socket } = request;
  const text = await textOf(request, rest);
  if (text === undefined || socket.destroyed) return void socket.destroy();
  const message: HandOver = { nestwire: 'hand-over', ...to, request: text.toString('base64') };
  // Otherwise this server would not close before the other process had said that the connection is over.
  Object.assign(socket, { server: undefined });
  stopReading(socket);
  // It leaves when those before it have arrived; what is destroyed then is an empty shell.
  process.send?.(message, socket, {}, () => socket.destroy());
}

function receive(http: HttpServer): void {
  const onMessage = (message: ToWorker, connection?: Socket): void => {
    if (message?.nestwire !== 'hand-over' || message.address !== addressOf(http)) return;
    // Undefined where the client has hung up on the way.
    if (connection === undefined) return;
    http.emit('connection', connection);
    connection.emit('data', Buffer.from(message.request, 'base64'));
  };
  process.on('message', onMessage);
  http.once('close', () => process.off('message', onMessage));
}

/** Its port, or its path: the same in all workers. */
function addressOf(http: HttpServer): string {
  const address = http.address();
  return String(typeof address === 'object' ? address?.port : address);
}
