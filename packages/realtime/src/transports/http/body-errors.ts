import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ERROR_CODES, RealtimeError } from '@nestwire/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { REALTIME_BASE_PATH } from '../../realtime.tokens.js';

interface FastifyReply {
  code(status: number): FastifyReply;
  header(name: string, value: string): FastifyReply;
  send(body: unknown): unknown;
}

interface FastifyLike {
  addHook(name: 'onRoute', hook: (route: { url: string; errorHandler?: unknown }) => void): unknown;
}

type ExpressErrorHandler = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: (error: unknown) => void,
) => void;

interface ExpressLike {
  use(handler: ExpressErrorHandler): unknown;
}

/** Our routes that take a body, whatever prefix the application has put before them. */
export function bodyRoutes(basePath: string): RegExp {
  return new RegExp(`${basePath.replaceAll('.', '\\.')}/(commands|tickets|state/[^/]+)/?$`);
}

/**
 * Bodies are read by the application's own parser, before any of our code runs. What it refuses on our routes is answered
 * with our stable codes all the same.
 */
@Injectable()
export class BodyErrors implements OnModuleInit {
  private readonly route: RegExp;

  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(REALTIME_BASE_PATH) basePath: string,
  ) {
    this.route = bodyRoutes(basePath);
    // Fastify must know before the routes are registered.
    if (this.adapterType() === 'fastify') this.observeFastify(this.host.httpAdapter.getInstance());
  }

  /** Express must be told after the parsers, which the application registers when it is initialised. */
  onModuleInit(): void {
    if (this.adapterType() === 'express') this.observeExpress(this.host.httpAdapter.getInstance());
  }

  private adapterType(): string | undefined {
    return this.host.httpAdapter?.getType();
  }

  private observeFastify(fastify: FastifyLike): void {
    fastify.addHook('onRoute', (route) => {
      if (!this.route.test(route.url)) return;
      route.errorHandler = (error: unknown, _request: unknown, reply: FastifyReply) => {
        const { status, body } = answerTo(error);
        reply.code(status).header('Cache-Control', 'no-store').send(body);
      };
    });
  }

  private observeExpress(express: ExpressLike): void {
    express.use((error, request, response, next) => {
      const [path = ''] = (request.url ?? '').split('?');
      if (!this.route.test(path) || response.headersSent) return next(error);
      const { status, body } = answerTo(error);
      response.writeHead(status, {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
      });
      response.end(JSON.stringify(body));
    });
  }
}

/** Parsers say what is wrong by the status: 413 is too large, any other of the client's faults a body that cannot be read. */
function answerTo(error: unknown): { status: number; body: object } {
  const { status, statusCode = status } = error as { status?: number; statusCode?: number };
  const refusal =
    statusCode === 413
      ? new RealtimeError('too_large', 'the body is too large')
      : typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
        ? new RealtimeError('bad_request', 'the body cannot be read')
        : new RealtimeError('internal', 'the server has failed');
  return {
    status: statusCode === 415 ? 415 : ERROR_CODES[refusal.code].status,
    body: { error: refusal.toBody() },
  };
}
