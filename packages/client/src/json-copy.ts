import { RealtimeError } from '@nestwire/protocol';

/**
 * A value as it travels and as it is now: it may be sent much later.
 * @throws RealtimeError `bad_request` for what is not JSON: a `BigInt`, a function, what holds itself.
 */
export function jsonCopy<T>(value: T): T {
  try {
    return JSON.parse(JSON.stringify(value)) as T;
  } catch (cause) {
    throw new RealtimeError('bad_request', 'the data is not JSON', { cause });
  }
}
