import type { Redis } from 'ioredis';
import { described } from '../redis-errors.js';

/** @throws Error where the user of the connection may not run scripts: otherwise it would be heard of at the first publish. */
export async function assertMayRunScripts(client: Redis): Promise<void> {
  try {
    await client.eval('return 1', 0);
  } catch (cause) {
    const { message } = described(cause);
    // Whatever else it is may pass.
    if (message.startsWith('NOPERM'))
      throw new Error(`Nestwire: this user may not run scripts in Redis: ${message}`, { cause });
  }
}
