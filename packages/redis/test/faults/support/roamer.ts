import { type SeededRandom, type Transport, WireClient, type WireClientOptions } from '@nestwire/harness';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.js';

const TRANSPORTS: readonly Transport[] = ['sse', 'socket.io'];

export interface RoamerOptions extends WireClientOptions {
  readonly world: World;
  readonly random: SeededRandom;
  /** How long it stays on one node before it cuts its connection, in milliseconds, both drawn; undefined: until it is ended. */
  readonly stayMs?: readonly [number, number];
}

/** A client that comes back again and again, to any node and over any transport. */
export class Roamer extends WireClient {
  /** How often it has cut its own connection, under way or not. */
  cuts = 0;
  /** How often it could not come. */
  refusals = 0;
  /** How often its connection was ended by others. */
  ends = 0;
  /** True where it does not leave by itself. */
  readonly isSteady: boolean;
  private isOver = false;
  private hasQuit = false;
  private wake: () => void = () => undefined;

  constructor(private readonly roaming: RoamerOptions) {
    super(roaming);
    this.isSteady = roaming.stayMs === undefined;
    this.onEnd = () => {
      this.ends += 1;
      this.wake();
    };
  }

  async run(): Promise<void> {
    while (!this.isOver) {
      await this.comeAnywhere();
      if (this.isOver) return;
      await this.stay();
      if (this.isOver || this.isSteady || this.isAway) continue;
      this.cuts += 1;
      this.cut();
      await sleep(this.roaming.random.between(0, 200));
    }
  }

  /** It comes, if it is away, and stays. */
  rest(): void {
    this.isOver = true;
    this.wake();
  }

  /** It goes, and does not come again. */
  quit(): void {
    this.hasQuit = true;
    this.rest();
    this.cut();
  }

  async comeAnywhere(): Promise<void> {
    const { random, world } = this.roaming;
    while (this.isAway && !this.hasQuit) {
      const [url, transport] = [random.pick(world.doors), random.pick(TRANSPORTS)];
      if (!this.isSteady && !this.isOver && random.chance(0.2)) this.cutSoon();
      try {
        await this.come(url, transport);
      } catch {
        this.refusals += 1;
        await sleep(random.between(20, 200));
      }
    }
  }

  /** Likely while it is still coming. */
  private cutSoon(): void {
    setTimeout(
      () => {
        if (this.isAway || this.isOver) return;
        this.cuts += 1;
        this.cut();
        this.wake();
      },
      this.roaming.random.between(0, 30),
    );
  }

  /** Until it is ended, told to rest, or has had enough. */
  private async stay(): Promise<void> {
    const [low, high] = this.roaming.stayMs ?? [0, 0];
    const ends = new Promise<void>((resolve) => (this.wake = resolve));
    if (this.isAway || this.isOver) return;
    if (this.isSteady) return ends;
    await Promise.race([ends, sleep(this.roaming.random.between(low, high))]);
  }
}
