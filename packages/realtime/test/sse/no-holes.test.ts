import { memoryBackend } from '../../src/index.js';
import { Load } from '../support/load.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const CHANNELS = ['open:a', 'open:b', 'open:c'];
const CLIENTS = 10;
const STREAMS_EACH = 9;
/** Every eighth event is large enough to be written in portions of its own. */
const dataOf = (n: number): string => 'x'.repeat(n % 8 === 0 ? 40_000 : 10);

/** A client that comes and goes in every way there is, and notes what it was given of each channel. */
class Wanderer {
  readonly offsets = new Map<string, number[]>(CHANNELS.map((channel) => [channel, []]));
  readonly faults: string[] = [];
  private cursor: string | undefined;

  constructor(
    private readonly nodes: readonly RunningApp[],
    private readonly seed: number,
  ) {}

  async wander(): Promise<void> {
    for (let i = 0; i < STREAMS_EACH; i += 1) await this.stay(this.seed + i);
    await this.stay(0);
  }

  private async stay(turn: number): Promise<void> {
    const node = this.nodes[turn % this.nodes.length]!;
    const resume = this.cursor === undefined ? {} : { lastEventId: this.cursor };
    const client = await SseClient.connect(node.url, CHANNELS, resume);
    if (this.cursor !== undefined) this.check(client);
    const wanted = client.events().length + (turn % 5) * 10;
    if (turn % 7 === 3) client.pause();
    else await client.until(() => client.events().length >= wanted || client.ended, `${wanted} events`);
    const connection = node.connections.get(client.ready.connection);
    if (turn % 3 === 1) {
      connection?.close(turn % 9 === 1 ? 'slow_consumer' : 'retry');
      client.resume();
      await client.end();
    }
    client.destroy();
    this.take(client);
  }

  private check(client: SseClient): void {
    for (const [channel, outcome] of Object.entries(client.ready.channels)) {
      if (!('recovered' in outcome && outcome.recovered === true))
        this.faults.push(`${channel} was not recovered`);
    }
  }

  /** Only what its last cursor covers was received; the rest comes again. */
  private take(client: SseClient): void {
    const covered = client.writes.filter((write) => write.at(-1)!.id !== undefined).flat();
    for (const { event, data } of covered) {
      if (event !== 'n') continue;
      const { c, o } = JSON.parse(data!) as { c: string; o: number };
      this.offsets.get(c)!.push(o);
    }
    this.cursor = client.cursor ?? this.cursor;
  }
}

describe('clients that come and go in every way there is', () => {
  it('are given every event of every channel once and in order, on whichever node', async () => {
    const backend = memoryBackend();
    const options = { backend, history: { size: 100_000, ttlMs: 60_000 }, limits: { maxTailBytes: 200_000 } };
    await using one = await startApp({ options });
    await using two = await startApp({ options });
    const wanderers = Array.from({ length: CLIENTS }, (_, i) => new Wanderer([one, two], i * 13));

    let published = 0;
    const load = new Load(async () => {
      for (let i = 0; i < 1 + (published % 30); i += 1) {
        published += 1;
        const node = published % 2 === 0 ? one : two;
        await node.realtime.publish(CHANNELS[published % 3]!, 'n', dataOf(published));
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    });
    await Promise.all(wanderers.map((wanderer) => wanderer.wander()));
    await load.stop();

    for (const { offsets, faults } of wanderers) {
      expect(faults).toEqual([]);
      for (const seen of offsets.values()) {
        const [first = 0] = seen;
        expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => first + i));
      }
    }
    expect(Math.max(...wanderers.map(({ offsets }) => offsets.get('open:a')!.length))).toBeGreaterThan(20);
    await one.idle();
    await two.idle();
  }, 40_000);
});
