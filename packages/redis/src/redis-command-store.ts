import {
  type ClaimOutcome,
  COMMAND_RECORD_TTL_MS,
  type CommandClaim,
  type CommandStore,
} from '@nestwire/realtime';
import { randomUUID } from 'node:crypto';
import type { Keys } from './keys.js';
import type { RedisWriter } from './redis-writer.js';
import { Script } from './script.js';

const CLAIM = new Script('claim-command');
const SETTLE = new Script('settle-command');

/** {@link CommandStore} on Redis: a text per command. */
export class RedisCommandStore implements CommandStore {
  constructor(
    private readonly writer: RedisWriter,
    private readonly keys: Keys,
  ) {}

  async claim({ scope, id, digest, node }: CommandClaim): Promise<ClaimOutcome> {
    const args = [digest, randomUUID(), node, COMMAND_RECORD_TTL_MS];
    const [status, text = ''] = await this.writer.run<string[]>(
      CLAIM,
      [this.keys.command(scope, id)],
      () => args,
    );
    if (status === 'running') return { status, node: text };
    if (status === 'settled') return { status, reply: text };
    return { status: status as 'claimed' | 'conflict' };
  }

  async settle(scope: string, id: string, reply: string): Promise<void> {
    await this.writer.run(SETTLE, [this.keys.command(scope, id)], () => [reply]);
  }
}
