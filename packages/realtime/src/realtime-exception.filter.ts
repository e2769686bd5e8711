import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RealtimeError } from '@nestwire/protocol';
import { throwError } from 'rxjs';
import { ErrorReporter } from './observability/error-reporter.js';
import { setRetryAfter, toHttpException } from './sessions/http-error.js';
import { isSocket } from './sessions/identity-of.js';

/**
 * Tells clients of the application's own controllers and gateways of a `RealtimeError` as `SessionGuard` does: over HTTP by its status, with
 * Nest's usual body and the whole error as its `error`, and `Retry-After` where that is known; a gateway's client by the event `exception`.
 * Without it Nest logs each of them as a fault of the server. Commands need none.
 *
 * For `@UseFilters(RealtimeExceptionFilter)`, or for all handlers as `{ provide: APP_FILTER, useClass: RealtimeExceptionFilter }`.
 */
@Catch(RealtimeError)
export class RealtimeExceptionFilter implements ExceptionFilter<RealtimeError> {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly errors: ErrorReporter,
  ) {}

  catch(error: RealtimeError, context: ArgumentsHost): unknown {
    const kind = context.getType();
    const client: unknown = kind === 'ws' ? context.switchToWs().getClient() : undefined;
    // Where a command's filter returns nothing, the error itself is its reply.
    if (kind === 'ws' && !isSocket(client)) return undefined;
    if (error.code === 'internal') this.errors.report(error, { during: 'connection' });
    if (kind === 'http') return this.answer(error, context.switchToHttp().getResponse());
    if (kind === 'ws') return void (client as Emitting).emit('exception', error.toBody());
    return throwError(() => error.toBody());
  }

  private answer(error: RealtimeError, response: unknown): void {
    const { httpAdapter: http } = this.host;
    if (http.isHeadersSent(response)) return;
    setRetryAfter(http, response, error);
    http.reply(response, toHttpException(error).getResponse(), error.status);
  }
}

interface Emitting {
  emit(event: string, body: unknown): unknown;
}
