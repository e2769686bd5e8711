import { HttpException, type HttpStatus } from '@nestjs/common';
import type { RealtimeError } from '@nestwire/protocol';

/** The error with an HTTP status of its own, where that of its code is not exact enough: a media type that is not taken as 415. */
export function withStatus(status: HttpStatus, error: RealtimeError): HttpException {
  return new HttpException({ error: error.toBody() }, status, { cause: error });
}
