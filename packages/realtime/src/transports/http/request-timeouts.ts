import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { Counters } from '../../observability/counters.js';
import type { ResolvedOptions } from '../../realtime.options.js';
import { REALTIME_BASE_PATH, REALTIME_OPTIONS } from '../../realtime.tokens.js';
import { bodyRoutes } from './body-errors.js';

/** Node's own `headersTimeout`, in milliseconds: an application that has another has set it. */
const NODES_HEADERS_TIMEOUT_MS = 60_000;

/** Read by Node when the server begins to listen; its types know it as an option only. */
interface CheckedServer extends Server {
  connectionsCheckingInterval?: number;
}

/**
 * Ends requests that trickle in: heads on all of the HTTP server, by Node's own means, and bodies on our routes, whoever reads them: the
 * frameworks' parsers wait for them as long as the server does, which under Fastify is for ever. Answers take as long as they take.
 */
@Injectable()
export class RequestTimeouts implements OnModuleInit {
  private readonly routes: RegExp;
  /** Sockets that have yet to send a whole head, and what counts those that never do. */
  private readonly unheard = new WeakMap<Socket, () => void>();

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly counters: Counters,
    @Inject(REALTIME_BASE_PATH) basePath: string,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    this.routes = bodyRoutes(basePath);
  }

  onModuleInit(): void {
    const server = this.host.httpAdapter?.getHttpServer() as CheckedServer | undefined;
    // Neither is there without an HTTP server, nor on one of HTTP/2.
    if (server?.headersTimeout === undefined) return;
    this.limitHeads(server);
    this.countHeads(server);
    server.prependListener('request', (request: IncomingMessage) => this.limitBody(request));
  }

  private limitHeads(server: CheckedServer): void {
    const { headTimeoutMs } = this.options.limits;
    if (server.headersTimeout === NODES_HEADERS_TIMEOUT_MS) server.headersTimeout = headTimeoutMs;
    const interval = server.connectionsCheckingInterval ?? Infinity;
    server.connectionsCheckingInterval = Math.min(interval, Math.ceil(headTimeoutMs / 2));
  }

  /** Node answers 408 and tells nobody, unless somebody else is to answer. */
  private countHeads(server: Server): void {
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      const openedAt = performance.now();
      const count = (): void => {
        const isLate = performance.now() - openedAt >= server.headersTimeout;
        if (isLate && server.headersTimeout > 0) this.counters.limited.heads += 1;
      };
      this.unheard.set(socket, count);
      socket.on('close', count);
    });
    const hear = ({ socket }: IncomingMessage): void => {
      const count = this.unheard.get(socket);
      if (count === undefined) return;
      this.unheard.delete(socket);
      socket.off('close', count);
    };
    server.prependListener('request', hear);
    // Where nobody listens to these, Node takes them for requests.
    if (server.listenerCount('upgrade') > 0) server.prependListener('upgrade', hear);
  }

  private limitBody(request: IncomingMessage): void {
    const [path = ''] = (request.url ?? '').split('?');
    if (request.complete || !this.routes.test(path)) return;
    const timer = setTimeout(() => {
      if (request.complete) return;
      this.counters.limited.bodies += 1;
      request.destroy();
    }, this.options.limits.bodyTimeoutMs);
    request.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer));
  }
}
