import { ForbiddenException, HttpException, UnauthorizedException } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { RealtimeError } from '@nestwire/protocol';

/**
 * The error as Nest answers HTTP requests: its usual body, with `error` the one that travels everywhere else too; an
 * `UnauthorizedException` or a `ForbiddenException` where it is one.
 */
export function toHttpException(error: RealtimeError): HttpException {
  const statusCode = error.status;
  const body = { statusCode, message: error.message, error: error.toBody() };
  if (error.code === 'unauthenticated') return new UnauthorizedException(body, { cause: error });
  if (error.code === 'forbidden') return new ForbiddenException(body, { cause: error });
  return new HttpException(body, statusCode, { cause: error });
}

/** Says in whole seconds when to try again, where the error says it. */
export function setRetryAfter(
  http: AbstractHttpAdapter,
  response: unknown,
  { retryAfterMs }: RealtimeError,
): void {
  if (retryAfterMs !== undefined)
    http.setHeader(response, 'Retry-After', String(Math.ceil(retryAfterMs / 1_000)));
}
