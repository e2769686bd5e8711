import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { RealtimeError } from '@nestwire/protocol';
import { toRealtimeError } from '../../commands/exception-mapping.js';
import { Counters } from '../../observability/counters.js';
import { setRetryAfter } from '../../sessions/http-error.js';
import { ErrorReporter } from '../../observability/error-reporter.js';

/** Answers every exception of our own routes with `{ error }` as it travels, its status, and `Retry-After` where that is known. */
@Catch()
export class RouteExceptionFilter implements ExceptionFilter {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly errors: ErrorReporter,
    private readonly counters: Counters,
  ) {}

  catch(exception: unknown, context: ArgumentsHost): void {
    const { httpAdapter: http } = this.host;
    const response: unknown = context.switchToHttp().getResponse();
    const error = toRealtimeError(exception);
    this.counters.refusals[error.code] += 1;
    if (error.code === 'internal') this.errors.report(exception, { during: 'connection' });
    if (http.isHeadersSent(response)) return;
    setRetryAfter(http, response, error);
    http.setHeader(response, 'Cache-Control', 'no-store');
    http.reply(response, { error: error.toBody() }, statusOf(exception, error));
  }
}

/** An `HttpException` of the application's own guards and pipes keeps its status. */
function statusOf(exception: unknown, { status }: RealtimeError): number {
  return exception instanceof HttpException ? exception.getStatus() : status;
}
