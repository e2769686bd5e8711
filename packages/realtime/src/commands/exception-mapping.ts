import { ERROR_CODES, type ErrorBody, type ErrorCode, RealtimeError } from '@nestwire/protocol';
import { isPlainObject } from '../limits/json-guard.js';

/** Whether a value can go out as an error as it is. */
export function isErrorBody(value: unknown): value is ErrorBody {
  return isPlainObject(value) && isErrorCode(value['code']) && typeof value['message'] === 'string';
}

/** The error of a body; what it holds besides is left out. */
export function errorOf(body: ErrorBody, cause?: unknown): RealtimeError {
  const { code, message, temporary, retryAfterMs, details } = body;
  return new RealtimeError(code, message, {
    temporary: typeof temporary === 'boolean' ? temporary : undefined,
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
    details,
    cause,
  });
}

/**
 * What an exception tells a client, for every way in.
 *
 * - a `RealtimeError` as it is;
 * - an `HttpException` by its status, with its message; a `ValidationPipe`'s list as `details: { messages }`, and whatever else its
 *   response holds in `details` too;
 * - a `WsException` or `RpcException` as `bad_request`, unless the object it carries has a known `code`;
 * - anything else as `internal`, without a word of it: it is the `cause`, and for the log.
 */
export function toRealtimeError(exception: unknown): RealtimeError {
  try {
    return mapped(exception);
  } catch {
    // What an exception says of itself is not to be had either; it is in the log all the same.
    return internal(exception);
  }
}

function mapped(exception: unknown): RealtimeError {
  if (exception instanceof RealtimeError) return exception;
  if (isRealtimeErrorOfAnotherCopy(exception)) return errorOf(exception.toBody(), exception);
  if (has(exception, 'getStatus', 'getResponse')) return fromHttp(exception as HttpExceptionLike);
  if (has(exception, 'getError')) return fromMessaging(exception as MessagingExceptionLike);
  return internal(exception);
}

// Told by their methods, for the application may have another copy of the package than ours.
interface HttpExceptionLike extends Error {
  getStatus(): number;
  getResponse(): unknown;
}

interface MessagingExceptionLike extends Error {
  getError(): unknown;
}

const CODES_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  412: 'conflict',
  413: 'too_large',
  429: 'rate_limited',
  503: 'unavailable',
};

function fromHttp(exception: HttpExceptionLike): RealtimeError {
  const response = exception.getResponse();
  const status = exception.getStatus();
  if (isPlainObject(response) && isErrorBody(response['error'])) return errorOf(response['error'], exception);
  const code = CODES_BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'bad_request' : 'internal');
  if (code === 'internal') return internal(exception);
  if (!isPlainObject(response)) return new RealtimeError(code, exception.message, { cause: exception });
  const { message, error, statusCode: _, ...rest } = response;
  if (!Array.isArray(message))
    return new RealtimeError(code, exception.message, { details: some(rest), cause: exception });
  const summary = typeof error === 'string' ? error : exception.message;
  return new RealtimeError(code, summary, { details: { ...rest, messages: message }, cause: exception });
}

function fromMessaging(exception: MessagingExceptionLike): RealtimeError {
  const error = exception.getError();
  if (typeof error === 'string') return new RealtimeError('bad_request', error, { cause: exception });
  if (isErrorBody(error)) return errorOf(error, exception);
  if (!isPlainObject(error)) return new RealtimeError('bad_request', exception.message, { cause: exception });
  const { code, message, ...rest } = error;
  return new RealtimeError(
    isErrorCode(code) ? code : 'bad_request',
    typeof message === 'string' ? message : exception.message,
    {
      details: some(isErrorCode(code) || code === undefined ? rest : { code, ...rest }),
      cause: exception,
    },
  );
}

function internal(cause: unknown): RealtimeError {
  return new RealtimeError('internal', 'something went wrong on the server', { cause });
}

function some(details: Record<string, unknown>): Record<string, unknown> | undefined {
  return Object.keys(details).length > 0 ? details : undefined;
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}

function isRealtimeErrorOfAnotherCopy(exception: unknown): exception is RealtimeError {
  return exception instanceof Error && exception.name === 'RealtimeError' && has(exception, 'toBody');
}

function has(value: unknown, ...methods: string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
}
