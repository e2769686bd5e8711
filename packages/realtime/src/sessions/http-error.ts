import { ForbiddenException, HttpException, UnauthorizedException } from '@nestjs/common';
import { ERROR_CODES, type RealtimeError } from '@nestwire/protocol';

/**
 * The error as Nest answers HTTP requests: its usual body, with `error` the one that travels everywhere else too; an
 * `UnauthorizedException` or a `ForbiddenException` where it is one.
 */
export function toHttpException(error: RealtimeError): HttpException {
  const statusCode = ERROR_CODES[error.code].status;
  const body = { statusCode, message: error.message, error: error.toBody() };
  if (error.code === 'unauthenticated') return new UnauthorizedException(body, { cause: error });
  if (error.code === 'forbidden') return new ForbiddenException(body, { cause: error });
  return new HttpException(body, statusCode, { cause: error });
}
