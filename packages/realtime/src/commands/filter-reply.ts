import { Logger } from '@nestjs/common';
import { RealtimeError } from '@nestwire/protocol';
import { isObservable, lastValueFrom } from 'rxjs';
import { isPlainObject } from '../limits/json-guard.js';
import { errorOf, isErrorBody, toRealtimeError } from './exception-mapping.js';

/** The error that an application's own filter has chosen: logging it was the filter's business. */
export class FilteredError extends RealtimeError {}

const logger = new Logger('Nestwire');

/**
 * What to refuse a command with after the filters were asked: what a filter returned (or a promise or Observable of it), else the
 * exception itself. A filter that throws, as one written for HTTP must, counts as one that returned nothing.
 */
export async function filteredError(exception: unknown, askFilters: () => unknown): Promise<unknown> {
  try {
    const answer = await askFilters();
    const value: unknown = isObservable(answer)
      ? await lastValueFrom(answer, { defaultValue: undefined })
      : answer;
    return value === undefined || value === null ? exception : toFilteredError(value, exception);
  } catch (error) {
    logger.debug(`an exception filter has thrown on a command: ${String(error)}`);
    return exception;
  }
}

/**
 * Reads a filter's value: an error body, alone or as `error` of an object, is taken as it is, and so is an exception. Of anything else
 * the text, or the object's `message`, becomes the message, and an object or list the details; code and the rest are the first exception's.
 */
function toFilteredError(value: unknown, exception: unknown): FilteredError {
  const body = isPlainObject(value) && isErrorBody(value['error']) ? value['error'] : value;
  if (isErrorBody(body)) return filtered(errorOf(body), exception);
  if (value instanceof Error) return filtered(toRealtimeError(value), exception);
  const { code, message, temporary, retryAfterMs, details } = toRealtimeError(exception);
  const text = isPlainObject(value) ? value['message'] : value;
  return new FilteredError(code, typeof text === 'string' ? text : message, {
    temporary,
    retryAfterMs,
    details: typeof value === 'string' ? details : value,
    cause: exception,
  });
}

function filtered({ code, message, ...rest }: RealtimeError, cause: unknown): FilteredError {
  return new FilteredError(code, message, { ...rest, cause });
}
