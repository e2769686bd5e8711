import type { LimitStore } from '../backend/limit-store.js';
import { HOLD_TTL_MS } from '../backend/limit-store.js';
import type { NodeDirectory } from '../backend/node-directory.js';
import { within } from '../within.js';

/** Whoever waits for other nodes' numbers is let in after so long, in milliseconds: this node's own still hold. */
const PATIENCE_MS = 1_000;
/** What is held is said again so often that it is not forgotten, in milliseconds. */
const REPEAT_MS = HOLD_TTL_MS / 3;

interface Held {
  count: number;
  /** What other nodes held when they were last asked. */
  others: ReadonlyMap<string, number>;
  toldAt: number;
  isStale: boolean;
  telling: Promise<void> | undefined;
}

/**
 * How many connections there are under a key, on all nodes. A node says its own number only, and a node that has died counts for
 * nothing, so that what it held is free again as soon as the directory knows of it.
 */
export class HeldSlots {
  private readonly held = new Map<string, Held>();

  constructor(
    private readonly store: LimitStore,
    private readonly nodes: NodeDirectory,
  ) {}

  /** Takes a slot; resolves with what frees it, any number of times, or with undefined where there is none. */
  async take(key: string, most: number): Promise<(() => void) | undefined> {
    const held = this.entry(key);
    held.count += 1;
    const release = this.releaseOf(key, held);
    const mine = held.count;
    if (mine <= most) {
      await this.asked(key, held);
      if (mine + sum(held.others) <= most) return release;
      await this.forgetDead(key, held);
      if (mine + sum(held.others) <= most) return release;
    }
    release();
    return undefined;
  }

  /** Says again what is held for long, and what could not be said. To be called from time to time. */
  repeat(): void {
    const due = performance.now() - REPEAT_MS;
    for (const [key, held] of this.held)
      if (held.isStale || held.toldAt < due) void this.tell(key, held).catch(() => undefined);
  }

  private entry(key: string): Held {
    let held = this.held.get(key);
    if (held === undefined) {
      held = { count: 0, others: new Map(), toldAt: 0, isStale: true, telling: undefined };
      this.held.set(key, held);
    }
    return held;
  }

  private releaseOf(key: string, held: Held): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      held.count -= 1;
      void this.tell(key, held).catch(() => undefined);
    };
  }

  /** Without an answer this node's own numbers decide. */
  private async asked(key: string, held: Held): Promise<void> {
    await within(PATIENCE_MS, this.tell(key, held), () => new Error('no answer in time')).catch(
      () => undefined,
    );
  }

  /** One word at a time for each key, with the latest number: words that overtake each other would leave a wrong one. */
  private tell(key: string, held: Held): Promise<void> {
    held.isStale = true;
    held.telling ??= this.say(key, held).finally(() => {
      held.telling = undefined;
      if (held.count === 0 && !held.isStale && this.held.get(key) === held) this.held.delete(key);
    });
    return held.telling;
  }

  private async say(key: string, held: Held): Promise<void> {
    while (held.isStale) {
      held.isStale = false;
      try {
        const nodes = new Map(await this.store.hold(key, this.nodes.id, held.count));
        nodes.delete(this.nodes.id);
        held.others = nodes;
        held.toldAt = performance.now();
      } catch (error) {
        held.isStale = true;
        throw error;
      }
    }
  }

  private async forgetDead(key: string, held: Held): Promise<void> {
    const check = async (node: string): Promise<void> => {
      if (await this.nodes.isAlive(node)) return;
      await this.store.hold(key, node, 0);
      held.others = new Map([...held.others].filter(([other]) => other !== node));
    };
    const checks = Promise.allSettled([...held.others.keys()].map(check));
    await within(PATIENCE_MS, checks, () => new Error('no answer in time')).catch(() => undefined);
  }
}

function sum(numbers: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const number of numbers.values()) total += number;
  return total;
}
