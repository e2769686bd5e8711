import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ConnectionLimits } from '../../limits/connection-limits.js';
import type { Counters } from '../../observability/counters.js';
import { toRealtimeError } from '../../commands/exception-mapping.js';
import { cut, GOODBYE_MS, hangUp } from './hang-up.js';
import type { Server, ServerOptions } from './socket-io.types.js';

type AllowRequest = NonNullable<ServerOptions['allowRequest']>;

/** What a handshake has taken for its address, until it has become a connection or its socket has closed. */
interface Place {
  readonly release: () => void;
  readonly onClose: () => void;
}

/** Engine.IO hands the response of a poll along on the request. */
type Handshake = IncomingMessage & { readonly res?: ServerResponse };

/** Engine.IO's word for it; of a connection that has asked for nothing: its time is up. */
const CLOSED_BY_SERVER = 'forced close';

type CloseListener = (reason: string) => void;
type PacketListener = (packet: { readonly type: string }) => void;

type EngineSocket = Parameters<typeof hangUp>[0] & {
  readonly request: IncomingMessage;
  on(event: 'close', listener: CloseListener): void;
  off(event: 'close', listener: CloseListener): void;
  on(event: 'packetCreate', listener: PacketListener): void;
  off(event: 'packetCreate', listener: PacketListener): void;
};

/** What Engine.IO tells of its connections. */
interface Engine {
  on(event: 'connection', listener: (socket: EngineSocket) => void): void;
  on(event: 'connection_error', listener: (error: { req: IncomingMessage }) => void): void;
}

/**
 * Limits by address for a whole Socket.IO server, the application's own gateways included: they come before a handshake costs
 * anything, and count connections that never join a namespace.
 */
export class HandshakeLimits {
  private readonly places = new WeakMap<IncomingMessage, Place>();

  /** `connectTimeoutMs`: after which Socket.IO closes a connection that has joined no namespace. */
  constructor(
    private readonly limits: ConnectionLimits,
    private readonly counters: Counters,
    private readonly connectTimeoutMs: number,
  ) {}

  /** The limits, then whatever the application asks of a handshake. */
  allowRequest(next: AllowRequest | undefined): AllowRequest {
    return (request, callback) => {
      this.enter(request).then(
        () => (next === undefined ? callback(null, true) : next(request, callback)),
        (error: unknown) => refuse(request, error),
      );
    };
  }

  observe(server: Server): void {
    const engine = server.engine as unknown as Engine;
    engine.on('connection', (socket) => {
      const release = this.takeOver(socket.request);
      socket.on('close', () => {
        release?.();
        hangUp(socket);
      });
      this.endHalfOpen(socket);
    });
    engine.on('connection_error', ({ req }) => this.places.get(req)?.release());
  }

  /** Whoever asks to join a namespace is answered by a message, be it a refusal. Who does not ask may not wait with the end either. */
  private endHalfOpen(socket: EngineSocket): void {
    const timer = setTimeout(() => cut(socket), this.connectTimeoutMs + GOODBYE_MS).unref();
    const onClose: CloseListener = (reason) => {
      clearTimeout(timer);
      if (reason === CLOSED_BY_SERVER) this.counters.limited.handshakes += 1;
    };
    const onPacket: PacketListener = ({ type }) => {
      if (type !== 'message') return;
      clearTimeout(timer);
      socket.off('packetCreate', onPacket);
      socket.off('close', onClose);
    };
    socket.on('packetCreate', onPacket);
    socket.on('close', onClose);
  }

  /** What a handshake has taken is its connection's from now on. */
  private takeOver(request: IncomingMessage): (() => void) | undefined {
    const place = this.places.get(request);
    if (place === undefined) return undefined;
    this.places.delete(request);
    request.socket.off('close', place.onClose);
    return place.release;
  }

  /** A handshake that does not become a connection frees its place when its socket closes. */
  private async enter(request: IncomingMessage): Promise<void> {
    const release = await this.limits.enter(request);
    if (request.socket.destroyed) return release();
    const onClose = (): void => this.places.get(request)?.release();
    this.places.set(request, { release, onClose });
    request.socket.on('close', onClose);
  }
}

/** Engine.IO itself would answer 403, or 400, and no `Retry-After`. */
function refuse(request: Handshake, exception: unknown): void {
  const error = toRealtimeError(exception);
  const body = JSON.stringify({ error: error.toBody() });
  const retryAfter = Math.ceil((error.retryAfterMs ?? 1_000) / 1_000);
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'Retry-After': retryAfter,
    Connection: 'close',
  };
  if (request.res !== undefined) return void request.res.writeHead(error.status, headers).end(body);
  const socket: Duplex = request.socket;
  socket.on('error', () => undefined);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${error.status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${body}`, () =>
    socket.destroy(),
  );
}
