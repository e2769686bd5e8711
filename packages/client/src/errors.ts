import { ERROR_CODES, type ErrorBody, RealtimeError } from '@nestwire/protocol';

/** An error of the server as one of ours. A code of a later version is `internal`. */
export function toError({ code, message, ...options }: ErrorBody): RealtimeError {
  return new RealtimeError(Object.hasOwn(ERROR_CODES, code) ? code : 'internal', message, options);
}

/** It may have happened, or not. */
export function outcomeUnknown(message: string, { temporary = true } = {}): RealtimeError {
  return new RealtimeError('unavailable', message, { temporary, details: { outcome: 'unknown' } });
}
