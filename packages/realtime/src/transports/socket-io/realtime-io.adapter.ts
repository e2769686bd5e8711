import type { INestApplicationContext } from '@nestjs/common';
import { DiscoveryService, HttpAdapterHost } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server as HttpServer } from 'node:http';
import type { Backend } from '../../backend/backend.js';
import { shareSessions } from '../../prefork/hand-over.js';
import type { ResolvedOptions } from '../../realtime.options.js';
import { ConnectionLimits } from '../../limits/connection-limits.js';
import { Counters } from '../../observability/counters.js';
import type { OriginsOption } from '../http/origin.options.js';
import { HandshakeLimits } from './handshake-limits.js';
import { REALTIME_BACKEND, REALTIME_OPTIONS } from '../../realtime.tokens.js';
import type { Server, ServerOptions } from './socket-io.types.js';

/** Metadata of `@WebSocketGateway`; Nest keeps the keys to itself, and the same in versions 11 and 12. */
const GATEWAY = { options: 'websockets:gateway_options', port: 'port' };

type CorsOptions = Extract<NonNullable<ServerOptions['cors']>, { origin?: unknown }>;

/** Whatever finds providers: an application, or a `ModuleRef`. */
type Providers = Pick<INestApplicationContext, 'get'>;

/**
 * Nest's Socket.IO adapter with the module's settings. An application that wants an adapter of its own extends this one:
 * `app.useWebSocketAdapter(new MyAdapter(app))`.
 *
 * Nest gives a Socket.IO server the options of whichever gateway comes first, and ignores all others' on the same port and path.
 * Ours must not win such a race, so the application's options are gathered from all its gateways.
 */
export class RealtimeIoAdapter extends IoAdapter {
  constructor(private readonly providers: Providers) {
    super();
    Object.defineProperty(this, 'httpServer', { get: () => this.findHttpServer() });
  }

  /** `port` is 0 for the application's own HTTP server. */
  override createIOServer(port: number, options: Partial<ServerOptions> = {}): Server {
    const { socketIo, origins } = this.providers.get<ResolvedOptions>(REALTIME_OPTIONS, { strict: false });
    const settings: Partial<ServerOptions> = {
      pingInterval: socketIo.pingIntervalMs,
      pingTimeout: socketIo.pingTimeoutMs,
      connectTimeout: socketIo.connectTimeoutMs,
      ...(origins !== undefined && { cors: { origin: corsOrigin(origins), credentials: true } }),
      ...this.gatewayOptions(port, options.path),
      ...options,
    };
    const limits = new HandshakeLimits(
      this.providers.get(ConnectionLimits, { strict: false }),
      this.providers.get(Counters, { strict: false }),
      settings.connectTimeout!,
    );
    settings.allowRequest = limits.allowRequest(settings.allowRequest);
    const server = super.createIOServer(port, settings as ServerOptions);
    limits.observe(server);
    const { socketIoAdapter } = this.providers.get<Backend>(REALTIME_BACKEND, { strict: false });
    if (socketIoAdapter !== undefined) server.adapter(socketIoAdapter as never);
    shareSessions(server, server.httpServer as HttpServer);
    return server;
  }

  /** Nest keeps four observables for each socket, also where nobody asks for its messages: a kilobyte and more. */
  override bindMessageHandlers(
    ...[socket, handlers, transform]: Parameters<IoAdapter['bindMessageHandlers']>
  ): void {
    if (handlers.length > 0) super.bindMessageHandlers(socket, handlers, transform);
  }

  /** The server does not exist yet when modules are instantiated, so it is looked up when it is used. */
  private findHttpServer(): HttpServer {
    const { httpAdapter } = this.providers.get(HttpAdapterHost, { strict: false });
    return httpAdapter.getHttpServer() as HttpServer;
  }

  private gatewayOptions(port: number, path: string | undefined): Partial<ServerOptions> {
    const merged: Record<string, unknown> = {};
    for (const { metatype } of this.providers.get(DiscoveryService, { strict: false }).getProviders()) {
      if (typeof metatype !== 'function') continue;
      const options = Reflect.getMetadata(GATEWAY.options, metatype) as Partial<ServerOptions> | undefined;
      if (
        options === undefined ||
        Reflect.getMetadata(GATEWAY.port, metatype) !== port ||
        options.path !== path
      )
        continue;
      const { namespace: _, ...rest } = options as Record<string, unknown>;
      Object.assign(merged, rest);
    }
    return merged;
  }
}

/** Ours as the package `cors` takes it. */
function corsOrigin(origins: OriginsOption): CorsOptions['origin'] {
  if (typeof origins !== 'function') return [...origins];
  return (origin: string | undefined, done: (error: null, isAllowed: boolean) => void) =>
    done(null, origin !== undefined && origins(origin));
}
