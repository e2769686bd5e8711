import { randomUUID } from 'node:crypto';
import type { NodeDirectory } from '@nestwire/realtime';
import type { Keys } from './keys.js';
import type { RedisClients } from './redis-clients.js';

/** A node that has not been heard of for so long is dead, in milliseconds. */
const NODE_TTL_MS = 15_000;

/** Which nodes live: each says so for as long as it does. */
export class RedisNodes implements NodeDirectory {
  readonly id = randomUUID();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly clients: RedisClients,
    private readonly keys: Keys,
    private readonly report: (error: unknown) => void,
  ) {}

  async start(): Promise<void> {
    await this.beat();
    this.timer = setInterval(() => void this.beat().catch(this.report), NODE_TTL_MS / 3).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    if (this.clients.isAvailable) await this.clients.commands.del(this.keys.node(this.id)).catch(() => 0);
  }

  async isAlive(node: string): Promise<boolean> {
    return (await this.clients.attempt((client) => client.exists(this.keys.node(node)))) === 1;
  }

  private async beat(): Promise<void> {
    await this.clients.attempt((client) => client.set(this.keys.node(this.id), '1', 'PX', NODE_TTL_MS));
  }
}
