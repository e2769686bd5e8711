import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ERROR_CODES, type RealtimeError } from '@nestwire/protocol';
import { toRealtimeError } from '../../commands/exception-mapping.js';
import { Counters } from '../../observability/counters.js';
import { ErrorReporter } from '../../observability/error-reporter.js';

/** Answers every exception of our own routes with `{ error }` as it travels, its status, and `Retry-After` where that is known. */
@Catch()
export class RealtimeExceptionFilter implements ExceptionFilter {
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
    if (error.retryAfterMs !== undefined) {
      http.setHeader(response, 'Retry-After', String(Math.ceil(error.retryAfterMs / 1000)));
    }
    http.setHeader(response, 'Cache-Control', 'no-store');
    http.reply(response, { error: error.toBody() }, statusOf(exception, error));
  }
}

/** An `HttpException` of the application's own guards and pipes keeps its status. */
function statusOf(exception: unknown, { code }: RealtimeError): number {
  return exception instanceof HttpException ? exception.getStatus() : ERROR_CODES[code].status;
}
