import { isOwnEventName, MAX_COMMAND_ID_LENGTH, RealtimeError, type Reply } from '@nestwire/protocol';
import type { CommandOptions } from '../client.types.js';
import { newId } from '../command-id.js';
import { MAX_DELAY_MS } from '../connection/backoff.js';
import { toError } from '../errors.js';
import { jsonCopy } from '../json-copy.js';
import type { Job } from './job.js';
import type { Outbox } from './outbox.js';

const ID = new RegExp(`^[\\x20-\\x7e]{1,${MAX_COMMAND_ID_LENGTH}}$`);

/** Commands of the application, and some of ours. */
export class Commands {
  constructor(
    private readonly outbox: Outbox,
    private readonly timeoutMs: number,
    /** Says whether there is a connection, and begins one. */
    private readonly isConnected: () => boolean,
  ) {}

  async run(command: string, data: unknown, options: CommandOptions = {}): Promise<unknown> {
    const { id = newId(), timeoutMs = this.timeoutMs, offline = 'queue', signal } = options;
    if (!isOwnEventName(command)) throw badRequest(`${JSON.stringify(command)} is no command's name`);
    if (!ID.test(id)) throw badRequest(`an id is 1 to ${MAX_COMMAND_ID_LENGTH} printable ASCII characters`);
    if (!(timeoutMs >= 1 && timeoutMs <= MAX_DELAY_MS))
      throw badRequest(`timeoutMs is ${String(timeoutMs)}; wanted: 1 to ${MAX_DELAY_MS} milliseconds`);
    signal?.throwIfAborted();
    if (!this.isConnected() && offline === 'fail')
      throw new RealtimeError('unavailable', 'there is no connection');
    const copy = data === undefined ? undefined : jsonCopy(data);
    let giveUp: (() => void) | undefined;
    return new Promise((resolve, reject) => {
      const job = commandJob({ id, command, data: copy, timeoutMs }, resolve, reject);
      giveUp = () => {
        if (this.outbox.cancel(job)) reject(signal!.reason as Error);
      };
      this.outbox.add(job);
      signal?.addEventListener('abort', giveUp);
    }).finally(() => signal?.removeEventListener('abort', giveUp!));
  }
}

/** A job of an earlier page, whose promise is gone with it. */
export function revivedJob(stored: { id: string; command: string; data: unknown }, timeoutMs: number): Job {
  const ignore = (): void => undefined;
  return commandJob({ ...stored, timeoutMs }, ignore, ignore);
}

function commandJob(
  { id, command, data, timeoutMs }: { id: string; command: string; data: unknown; timeoutMs: number },
  resolve: (value: unknown) => void,
  reject: (error: Error) => void,
): Job {
  return {
    id,
    command,
    timeoutMs,
    data: () => data,
    answered(reply: Reply) {
      if (reply.ok) resolve(reply.data);
      else reject(toError(reply.error));
      return 'done';
    },
    failed: reject,
  };
}

function badRequest(message: string): RealtimeError {
  return new RealtimeError('bad_request', message);
}
