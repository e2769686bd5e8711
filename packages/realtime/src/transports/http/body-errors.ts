import { HttpStatus, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RealtimeError } from '@nestwire/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counters } from '../../observability/counters.js';
import { REALTIME_BASE_PATH } from '../../realtime.tokens.js';

const { PAYLOAD_TOO_LARGE: TOO_LARGE, UNSUPPORTED_MEDIA_TYPE: UNSUPPORTED } = HttpStatus;

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
    private readonly counters: Counters,
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
        const { status, body } = this.answerTo(error);
        reply.code(status).header('Cache-Control', 'no-store').send(body);
      };
    });
  }

  private observeExpress(express: ExpressLike): void {
    express.use((error, request, response, next) => {
      const [path = ''] = (request.url ?? '').split('?');
      if (!this.route.test(path) || response.headersSent) return next(error);
      const { status, body } = this.answerTo(error);
      response.writeHead(status, {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
      });
      response.end(JSON.stringify(body));
    });
  }

  private answerTo(error: unknown): { status: number; body: object } {
    const refusal = refusalOf(error);
    this.counters.refusals[refusal.code] += 1;
    const status = statusOf(error) === UNSUPPORTED ? UNSUPPORTED : refusal.status;
    return { status, body: { error: refusal.toBody() } };
  }
}

/** Parsers say what is wrong by the status: 413 is too large, any other of the client's faults a body that cannot be read. */
function refusalOf(error: unknown): RealtimeError {
  const status = statusOf(error);
  if (status === TOO_LARGE) return new RealtimeError('too_large', 'the body is too large');
  if (status !== undefined && status >= 400 && status < 500)
    return new RealtimeError('bad_request', 'the body cannot be read');
  return new RealtimeError('internal', 'the server has failed');
}

function statusOf(error: unknown): number | undefined {
  const { status, statusCode = status } = error as { status?: unknown; statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}
