import type { SeededRandom } from '@nestwire/harness';
import { channelHash, decodeCursor, type ErrorBody, type Position } from '@nestwire/protocol';
import type { SequenceChecker } from '@nestwire/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.js';

interface Event {
  readonly channel: string;
  readonly event: 'noted';
  readonly data: { readonly id: string; readonly pad?: string };
  readonly idempotencyKey?: string;
}

type Outcome = { readonly position: string } | { readonly error: ErrorBody };

export interface PublisherOptions {
  readonly name: string;
  readonly world: World;
  readonly channels: readonly string[];
  readonly checker: SequenceChecker;
  readonly random: SeededRandom;
  /** Longest rest between two publishes, in milliseconds. */
  readonly restMs: number;
  /** Most characters that are added to an event. */
  readonly padLength: number;
}

/** How long it tries to learn what became of an event. */
const PATIENCE_MS = 30_000;

/**
 * Publishes at random, through any node, and keeps the books: what was acknowledged and where, and what may or may not have been
 * stored, which is tried again with the same idempotency key.
 */
export class Publisher {
  acknowledged = 0;
  /** Tries that were answered with `unavailable`, and nothing had happened. */
  refused = 0;
  /** Tries of which nothing is known: no answer, or `unknown`. */
  unknown = 0;
  readonly problems: string[] = [];
  /** Where the last acknowledged event of each channel is. */
  readonly ends = new Map<string, Position>();
  /** How many events it has thought of. */
  drawn = 0;

  private readonly gone = new AbortController();

  constructor(private readonly options: PublisherOptions) {}

  get name(): string {
    return this.options.name;
  }

  async run(isOver: () => boolean): Promise<void> {
    const { random, restMs, channels } = this.options;
    while (!isOver()) {
      await this.publish(
        Array.from({ length: random.between(1, 4) }, () => this.draw(random.pick(channels))),
      );
      await sleep(random.between(0, restMs));
    }
  }

  /** Learns nothing more. */
  quit(): void {
    this.gone.abort();
  }

  /** One event to each channel, until it is acknowledged. */
  async publishToAll(): Promise<void> {
    await this.publish(
      this.options.channels.map((channel) => this.draw(channel, true)),
      true,
    );
  }

  private draw(channel: string, isKeyed = this.options.random.chance(0.8)): Event {
    const { random, name, padLength } = this.options;
    const id = `${name}-${(this.drawn += 1)}`;
    const pad = 'x'.repeat(random.chance(0.2) ? random.between(0, padLength) : 0);
    const data = pad === '' ? { id } : { id, pad };
    // Without a key nothing can be tried again: it stays unknown.
    return { channel, event: 'noted', data, ...(isKeyed ? { idempotencyKey: id } : {}) };
  }

  private async publish(events: readonly Event[], insists = this.options.random.chance(0.5)): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    let open = events;
    while (open.length > 0 && !this.gone.signal.aborted) {
      const outcomes = await this.send(open);
      open = open.filter((event, index) => this.settle(event, outcomes?.[index], insists));
      if (open.length === 0) return;
      if (performance.now() > deadline) return void this.problems.push(`gave up on ${open[0]!.data.id}`);
      await sleep(20 + this.options.random.between(0, 60));
    }
  }

  /** Undefined where there was no answer. */
  private async send(events: readonly Event[]): Promise<Outcome[] | undefined> {
    const { world, random } = this.options;
    try {
      const response = await fetch(`${random.pick(world.urls)}/publish`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(events),
        signal: AbortSignal.any([AbortSignal.timeout(15_000), this.gone.signal]),
      });
      return (await response.json()) as Outcome[];
    } catch {
      return undefined;
    }
  }

  /** True where it is to be tried again. */
  private settle(
    { channel, data, idempotencyKey }: Event,
    outcome: Outcome | undefined,
    insists: boolean,
  ): boolean {
    const { checker } = this.options;
    if (outcome !== undefined && 'position' in outcome) {
      const position = decodeCursor(outcome.position)!.get(channelHash(channel))!;
      this.acknowledged += 1;
      this.ends.set(channel, position);
      checker.published(channel, position.offset, data.id, { epoch: position.epoch, data });
      return false;
    }
    if (outcome !== undefined && outcome.error.code !== 'unavailable') {
      this.problems.push(`${data.id} failed with ${outcome.error.code}: ${outcome.error.message}`);
      return false;
    }
    if (isUnknown(outcome)) {
      this.unknown += 1;
      checker.unacknowledged(channel, data.id);
      return idempotencyKey !== undefined;
    }
    // Nothing has happened: whether it is tried again or not, nobody may see it before it is acknowledged.
    this.refused += 1;
    return insists;
  }
}

function isUnknown(outcome: { readonly error: ErrorBody } | undefined): boolean {
  const details = outcome?.error.details as { outcome?: unknown } | undefined;
  return outcome === undefined || details?.outcome === 'unknown';
}
