import { type Command, isOwnEventName, MAX_COMMAND_ID_LENGTH, RealtimeError } from '@nestwire/protocol';
import { assertPlainJson, isPlainObject, type JsonLimits } from '../limits/json-guard.js';

const ID = new RegExp(`^[\\x20-\\x7e]{1,${MAX_COMMAND_ID_LENGTH}}$`);

/** The id to answer under; null where it cannot be read. */
export function readCommandId(raw: unknown): string | null {
  const id = isPlainObject(raw) ? raw['id'] : undefined;
  return typeof id === 'string' && ID.test(id) ? id : null;
}

export interface CommandLimits extends JsonLimits {
  /** Most bytes of a command's data as JSON. */
  readonly maxMessageBytes: number;
}

/**
 * @throws RealtimeError `bad_request` where it is not a command, or its data is not plain JSON; `too_large` where there is too
 * much of it, whatever the transport has let through.
 */
export function parseCommand(raw: unknown, limits: CommandLimits): Command {
  if (!isPlainObject(raw))
    throw new RealtimeError('bad_request', 'a command is an object with id, command and data');
  const id = readCommandId(raw);
  if (id === null) {
    throw new RealtimeError(
      'bad_request',
      `id must be 1 to ${MAX_COMMAND_ID_LENGTH} printable ASCII characters`,
    );
  }
  const { command, data } = raw;
  if (!isOwnEventName(command))
    throw new RealtimeError('bad_request', 'command is not the name of a command');
  assertPlainJson(data, limits);
  if (data !== undefined && Buffer.byteLength(JSON.stringify(data)) > limits.maxMessageBytes)
    throw new RealtimeError('too_large', `the data has more than ${limits.maxMessageBytes} bytes`);
  return { id, command, data };
}
