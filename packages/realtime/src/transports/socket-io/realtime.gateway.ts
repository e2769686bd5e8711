import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import type { OnGatewayInit } from '@nestjs/websockets';
import { type CloseNotice, RealtimeError } from '@nestwire/protocol';
import { Connections } from '../../channels/connections.js';
import { Drain } from '../../channels/drain.js';
import { PolicyRegistry } from '../../channels/policy-registry.js';
import { CommandDispatcher } from '../../commands/command-dispatcher.js';
import { toRealtimeError } from '../../commands/exception-mapping.js';
import type { ResolvedOptions } from '../../realtime.options.js';
import { REALTIME_OPTIONS } from '../../realtime.tokens.js';
import { type Admission, Admissions } from '../../sessions/admissions.service.js';
import { ConnectionLimits, type Slot } from '../../limits/connection-limits.js';
import { MessageLimits } from '../../limits/message-limits.js';
import { Origins } from '../http/origins.js';
import { packetEncoders, type PacketEncoder } from './packet-encoder.js';
import { RealtimeIoAdapter } from './realtime-io.adapter.js';
import type { Namespace, Socket } from './socket-io.types.js';
import { SocketOutlet } from './socket-outlet.js';
import { type SocketServices, SocketSession } from './socket-session.js';
import { turnAway } from './turn-away.js';
import { Visits } from './visits.js';

/**
 * The Socket.IO namespace of the module. It binds no `@SubscribeMessage` handlers: each costs every connection kilobytes in Nest.
 * The decorator `@WebSocketGateway` is put on a subclass, which knows the namespace's name.
 */
@Injectable()
export class RealtimeGateway implements OnGatewayInit<Namespace>, OnModuleInit {
  private readonly services: SocketServices;
  private readonly visits: Visits;
  /** Those that were let in, until they have joined. */
  private readonly admitted = new WeakMap<Socket, Admitted>();

  constructor(
    private readonly admissions: Admissions,
    private readonly connections: Connections,
    private readonly application: ApplicationConfig,
    private readonly drain: Drain,
    private readonly origins: Origins,
    private readonly places: ConnectionLimits,
    messages: MessageLimits,
    policies: PolicyRegistry,
    dispatcher: CommandDispatcher,
    @Inject(REALTIME_OPTIONS) { limits }: ResolvedOptions,
  ) {
    this.visits = new Visits(places);
    this.services = { connections, policies, dispatcher, messages, limits };
  }

  /** @throws Error where the application has put an adapter of its own in the place of ours. */
  onModuleInit(): void {
    if (!this.hasForeignAdapter()) return;
    throw new Error(
      'Nestwire: the application uses a WebSocket adapter of its own; it must extend RealtimeIoAdapter of @nestwire/realtime',
    );
  }

  /** Called before {@link onModuleInit}; what is thrown here would end the process without a reason. */
  afterInit(namespace: Namespace): void {
    if (this.hasForeignAdapter()) return;
    const { json, msgpack } = packetEncoders(namespace.name, namespace.server.encoder);
    // A connection that Socket.IO recovers by itself would pass by the middleware, with the identity that it had.
    namespace.adapter.persistSession = () => undefined;
    namespace.use((socket, next) => {
      this.admit(socket).then(
        () => next(),
        (error: unknown) => this.refuse(socket, next, toRealtimeError(error)),
      );
    });
    namespace.on('connection', (socket) => {
      const { encoding } = socket.handshake.auth as { encoding?: unknown };
      if (socket.recovered) socket.disconnect(true);
      else this.serve(socket, encoding === 'msgpack' ? msgpack : json);
    });
  }

  private serve(socket: Socket, encoder: PacketEncoder): void {
    const outlet = new SocketOutlet(socket, encoder);
    const { admission, askedAt, slot } = this.admitted.get(socket)!;
    this.admitted.delete(socket);
    const { identity, resumption } = admission;
    const origin = identity.session === null ? undefined : `session:${identity.session.sid}`;
    const connection = this.connections.create('socket.io', identity, outlet, origin, askedAt, slot);
    connection.resumption = resumption;
    // It is the connection's from here on.
    socket.conn.off('close', slot.release);
    const session = new SocketSession(socket, connection, outlet, this.services);
    socket.on('disconnect', (_reason: string, description: unknown) => {
      this.visits.end(socket.conn);
      session.onClose(description);
    });
    session.start();
  }

  private hasForeignAdapter(): boolean {
    const adapter: unknown = this.application.getIoAdapter();
    return Boolean(adapter) && !(adapter instanceof RealtimeIoAdapter);
  }

  private async admit(socket: Socket): Promise<void> {
    await this.visits.begin(socket);
    try {
      await this.letIn(socket);
    } catch (error) {
      this.visits.end(socket.conn);
      throw error;
    }
  }

  private async letIn(socket: Socket): Promise<void> {
    if (this.drain.isDraining) {
      throw new RealtimeError('unavailable', 'this node shuts down', {
        retryAfterMs: this.drain.drawRetryMs(),
      });
    }
    const { token, resumeToken } = socket.handshake.auth as { token?: unknown; resumeToken?: unknown };
    // A page can send no token but its own. Browsers hold WebSockets to no rule of CORS.
    const { request } = socket;
    if ((!token && !resumeToken) || this.origins.isRestricted) this.origins.assertAllowed(request);
    const askedAt = performance.now();
    const admission = await this.admissions.admit({ request, transport: 'socket.io', token, resumeToken });
    const slot = await this.places.admit(request, admission.identity);
    releaseWithout(socket, slot);
    this.admitted.set(socket, { admission, askedAt, slot });
    Object.assign(socket.data, { realtime: admission.identity });
  }

  /**
   * A refusal reaches the client's `connect_error`, its body in `data`, after which Socket.IO's client does not come back by itself.
   * Who may come back is turned away instead; of a socket whose transport is closed Socket.IO then keeps nothing.
   */
  private refuse(socket: Socket, next: (error: Error) => void, error: RealtimeError): void {
    this.connections.counters.refusals[error.code] += 1;
    if (error.temporary) turnAway(socket, this.noticeOf(error));
    next(Object.assign(new Error(error.message), { data: error.toBody() }));
  }

  private noticeOf({ code, retryAfterMs }: RealtimeError): CloseNotice {
    const reason = this.drain.isDraining ? 'draining' : code === 'rate_limited' ? 'rate_limited' : 'retry';
    return { code: reason, reconnect: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
}

/** What the middleware has found out. */
interface Admitted {
  readonly admission: Admission;
  readonly askedAt: number;
  readonly slot: Slot;
}

/** Who has gone meanwhile never becomes a connection, which would give the place back. */
function releaseWithout(socket: Socket, slot: Slot): void {
  if (socket.conn.readyState !== 'open') slot.release();
  else socket.conn.once('close', slot.release);
}
