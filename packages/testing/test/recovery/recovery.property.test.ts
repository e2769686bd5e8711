import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor, WireClient } from '@nestwire/harness';
import { channelHash, decodeCursor } from '@nestwire/protocol';
import { memoryBackend } from '@nestwire/realtime';
import { SequenceChecker } from '@nestwire/testing';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { type Faults, faultyBackend } from './faulty-backend.js';
import { HISTORY_SIZE, startNodes, type WorldNode } from './world.js';

const ROLES = ['staff', 'guest', 'guest', 'staff'];
const CHANNELS = ['a', 'b'];

type Step =
  | { do: 'publish'; channel: number; count: number; node: number; forRole?: string }
  | { do: 'cut'; client: number }
  | { do: 'come'; client: number; node: number; transport: 'sse' | 'socket.io' }
  | { do: 'rest'; turns: number };

const channel = fc.nat(CHANNELS.length - 1);
const client = fc.nat(ROLES.length - 1);
const node = fc.nat(1);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      channel,
      node,
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      channel,
      node,
      count: fc.integer({ min: 1, max: 3 }),
      forRole: fc.constantFrom('staff', 'guest'),
    }),
  },
  // More than the history keeps.
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      channel,
      node,
      count: fc.constant(HISTORY_SIZE + 5),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cut' as const), client }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('come' as const),
      client,
      node,
      transport: fc.constantFrom('sse' as const, 'socket.io' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('rest' as const), turns: fc.integer({ min: 1, max: 20 }) }),
  },
);

/** One random history: channels of its own, clients that come and go, and the checker that watches. */
class Run {
  readonly checker = new SequenceChecker({ mayRepeatOnResume: true });
  readonly channels: readonly string[];
  readonly clients: readonly WireClient[];
  private readonly ends = new Map<string, number>();
  private published = 0;

  constructor(
    private readonly nodes: readonly WorldNode[],
    id: number,
  ) {
    this.channels = CHANNELS.map((name) => `log:${id}:${name}`);
    this.clients = ROLES.map(
      (role, index) =>
        new WireClient({
          name: `${role}${index}`,
          token: role,
          channels: this.channels,
          witness: this.checker,
        }),
    );
  }

  async take(next: Step): Promise<void> {
    if (next.do === 'publish') return this.publish(next);
    if (next.do === 'rest') {
      for (let i = 0; i < next.turns; i += 1) await turn();
      return undefined;
    }
    const who = this.clients[next.client]!;
    if (next.do === 'cut') return who.cut();
    if (who.isAway) await who.come(this.nodes[next.node]!.url, next.transport);
    return undefined;
  }

  /** All come back, and are waited for until they are level with their channels. */
  async settle(): Promise<void> {
    await Promise.all(
      this.clients
        .filter((who) => who.isAway)
        .map((who, i) => who.come(this.nodes[i % 2]!.url, i % 3 === 0 ? 'socket.io' : 'sse')),
    );
    // A node that was not told of the last event learns of it with the next.
    for (const at of this.channels.keys())
      await this.publish({ do: 'publish', channel: at, node: 0, count: 1 });
    for (const who of this.clients) {
      for (const [name, end] of this.ends) {
        await waitFor(() => (who.positionIn(name)?.offset ?? 0) >= end, {
          what: `${who.name} to be level with ${name} at ${end}`,
        });
      }
    }
    for (const who of this.clients) who.cut();
  }

  private async publish({ channel: at, count, node: on, forRole }: Step & { do: 'publish' }): Promise<void> {
    const name = this.channels[at]!;
    const requests = Array.from({ length: count }, () => ({
      channel: name,
      event: 'noted',
      data: { id: String((this.published += 1)) },
      ...(forRole === undefined ? {} : { forRoles: [forRole] }),
    }));
    for (const [index, outcome] of (await this.nodes[on]!.broadcaster.publishMany(requests)).entries()) {
      if (!outcome.ok) throw outcome.error;
      const { data } = requests[index]!;
      const { epoch } = decodeCursor(outcome.position)!.get(channelHash(name))!;
      const isFor = forRole === undefined ? {} : { isFor: (who: string) => who.startsWith(forRole) };
      this.checker.published(name, outcome.offset, data.id, { epoch, data, ...isFor });
      this.ends.set(name, outcome.offset);
    }
  }
}

describe('recovery', () => {
  const faults: Faults = { active: false };
  let nodes: [WorldNode, WorldNode];
  let runs = 0;

  beforeAll(async () => {
    nodes = await startNodes(faultyBackend(memoryBackend(), faults));
  });

  afterAll(async () => {
    await Promise.all(nodes.map((one) => one[Symbol.asyncDispose]()));
  });

  /** Judges random histories; answers how many events were received in all. */
  async function judge(numRuns: number, isFaulty: boolean): Promise<number> {
    let received = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const run = new Run(nodes, (runs += 1));
        faults.active = isFaulty;
        for (const next of steps) await run.take(next);
        faults.active = false;
        await run.settle();
        run.checker.assertOk();
        expect(run.clients.flatMap(({ complaints }) => complaints)).toEqual([]);
        received += run.checker.verdict().received;
      }),
      { numRuns, endOnFailure: true },
    );
    return received;
  }

  it('loses, doubles and reorders nothing, or says so, whoever comes and goes when and however', async () => {
    expect(await judge(40, false)).toBeGreaterThan(1_000);
  }, 60_000);

  it('heals what a node was never told, was told twice, or in the wrong order', async () => {
    expect(await judge(40, true)).toBeGreaterThan(1_000);
  }, 60_000);
});
