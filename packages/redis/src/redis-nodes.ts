import { randomUUID } from 'node:crypto';
import type { NodeDirectory } from '@nestwire/realtime';
import type { Keys } from './keys.js';
import type { RedisClients } from './connections/redis-clients.js';

/** A node that has not been heard of for so long is dead, in milliseconds. */
const NODE_TTL_MS = 15_000;

/** A node that stops says so where that is done at once; otherwise its time to live does. */
const GOODBYE_TIMEOUT_MS = 500;

/** Which nodes live: each says so for as long as it does. */
export class RedisNodes implements NodeDirectory {
  readonly id = randomUUID();
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly clients: RedisClients,
    private readonly keys: Keys,
    private readonly report: (error: unknown) => void,
  ) {}

  async start(): Promise<void> {
    await this.beat();
    const beat = (): void => void this.beat().catch(this.report);
    this.timer = setInterval(beat, NODE_TTL_MS / 3).unref();
    // While Redis was away, or with what it has lost, this node may have been taken for dead.
    this.stopListening = this.clients.availability.onAvailability(
      (availability) => availability === 'available' && beat(),
    );
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopListening?.();
    const key = this.keys.node(this.id);
    await this.clients.attempt(key, (client) => client.del(key), GOODBYE_TIMEOUT_MS).catch(() => 0);
  }

  async isAlive(node: string): Promise<boolean> {
    const key = this.keys.node(node);
    return (await this.clients.attempt(key, (client) => client.exists(key))) === 1;
  }

  private async beat(): Promise<void> {
    const key = this.keys.node(this.id);
    await this.clients.attempt(key, (client) => client.set(key, '1', 'PX', NODE_TTL_MS));
  }
}
