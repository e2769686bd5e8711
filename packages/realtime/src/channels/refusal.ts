import { HttpException } from '@nestjs/common';
import { RealtimeError } from '@nestwire/protocol';

/**
 * What a policy's exception tells the client: a refusal as it stands, anything else a passing fault, which is reported,
 * so that a database that is away for a moment makes nobody give up for good.
 */
export function toRefusal(error: unknown, report: (error: unknown) => void): RealtimeError {
  if (error instanceof RealtimeError) return error;
  if (error instanceof HttpException && error.getStatus() === 401) {
    return new RealtimeError('unauthenticated', error.message, { cause: error });
  }
  if (error instanceof HttpException && error.getStatus() === 429) {
    return new RealtimeError('rate_limited', error.message, { cause: error });
  }
  if (error instanceof HttpException && error.getStatus() < 500) {
    return new RealtimeError('forbidden', error.message, { cause: error });
  }
  report(error);
  return new RealtimeError('unavailable', 'cannot be decided now', { cause: error });
}
