import { waitFor } from '@nestwire/harness';
import type { RealtimeClient } from '../src/index.js';
import { NoUpgrades } from './support/no-upgrades.js';
import { World } from './support/world.js';

/** Publishes 1, 2, 3 … until it is stopped. */
class Publishing {
  private isOver = false;
  private readonly done: Promise<number>;

  constructor(world: World, channel: string) {
    this.done = this.run(world, channel);
  }

  /** Answers the last. */
  stop(): Promise<number> {
    this.isOver = true;
    return this.done;
  }

  private async run(world: World, channel: string): Promise<number> {
    let count = 0;
    while (!this.isOver) {
      count += 1;
      await world.realtime.publish(channel, 'counted', count);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return count;
  }
}

function listen(client: RealtimeClient, channel: string): number[] {
  const seen: number[] = [];
  client.channel(channel).on('counted', (n) => seen.push(n as number));
  return seen;
}

function assertWhole(seen: readonly number[]): void {
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => seen[0]! + i));
}

describe('transports', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it('prefers WebSocket', async () => {
    const client = world.client();
    client.connect();
    await waitFor(() => client.connection.value.status === 'connected');
    expect(client.connection.value).toMatchObject({ transport: 'websocket', reason: 'opened' });
  });

  it('falls back to SSE where a proxy refuses upgrades, and says so', async () => {
    await using proxy = await NoUpgrades.start(world.directUrl);
    const client = world.client({ url: proxy.url });
    const seen = listen(client, 'open:fallback');
    await waitFor(() => client.channel('open:fallback').state.value.status === 'subscribed');
    await world.realtime.publish('open:fallback', 'counted', 1);
    await waitFor(() => seen.length === 1);
    expect(client.connection.value.transport).toBe('sse');
    expect(proxy.refused).toBe(1);
    expect(await client.command('note', 1)).toMatchObject({ data: 1 });
  });

  it('moves to WebSocket in the middle of a stream once it is let through: nothing lost, nothing twice', async () => {
    await using proxy = await NoUpgrades.start(world.directUrl);
    const client = world.client({ url: proxy.url, upgradeAfterMs: 50 });
    const seen = listen(client, 'open:upgrade');
    await waitFor(() => client.channel('open:upgrade').state.value.status === 'subscribed');
    const load = new Publishing(world, 'open:upgrade');
    await waitFor(() => seen.length > 50 && client.connection.value.transport === 'sse');
    proxy.allowed = true;
    await waitFor(() => client.connection.value.transport === 'websocket');
    const count = seen.length;
    await waitFor(() => seen.length > count + 50);
    const last = await load.stop();
    await waitFor(() => seen.at(-1) === last);
    assertWhole(seen);
  });

  it('moves to SSE in the middle of a stream where WebSocket is blocked from then on: nothing lost, nothing twice', async () => {
    await using proxy = await NoUpgrades.start(world.url);
    proxy.allowed = true;
    const client = world.client({ url: proxy.url });
    const seen = listen(client, 'open:downgrade');
    await waitFor(() => client.connection.value.transport === 'websocket');
    await waitFor(() => client.channel('open:downgrade').state.value.status === 'subscribed');
    const load = new Publishing(world, 'open:downgrade');
    await waitFor(() => seen.length > 50);
    proxy.allowed = false;
    world.proxy.cut();
    await waitFor(() => client.connection.value.transport === 'sse');
    const count = seen.length;
    await waitFor(() => seen.length > count + 50);
    const last = await load.stop();
    await waitFor(() => seen.at(-1) === last);
    assertWhole(seen);
  });

  it('follows over WebSocket what was too much for SSE', async () => {
    await using blocked = await NoUpgrades.start(world.directUrl);
    const client = world.client({ url: blocked.url, upgradeAfterMs: 50 });
    const channels = Array.from({ length: 33 }, (_, i) => client.channel(`open:many-${i}`));
    for (const channel of channels) channel.on('said', () => undefined);
    const count = (status: string) => channels.filter(({ state }) => state.value.status === status).length;
    await waitFor(() => count('failed') === 1 && count('subscribed') === 32);
    blocked.allowed = true;
    await waitFor(() => count('subscribed') === 33);
    expect(client.connection.value.transport).toBe('websocket');
  });

  it.each(['websocket', 'sse'] as const)(
    'comes back over %s ten times in the middle of a stream: nothing lost, nothing twice',
    async (transport) => {
      const channel = `open:cut-${transport}`;
      const client = world.client({ transport });
      const seen = listen(client, channel);
      let recovered = 0;
      client.channel(channel).on('recovered', () => (recovered += 1));
      await waitFor(() => client.channel(channel).state.value.status === 'subscribed');
      const load = new Publishing(world, channel);
      for (let i = 1; i <= 10; i += 1) {
        const count = seen.length;
        await waitFor(() => seen.length > count + 20);
        world.proxy.cut();
        await waitFor(() => recovered >= i);
      }
      const last = await load.stop();
      await waitFor(() => seen.at(-1) === last);
      assertWhole(seen);
      expect(client.connection.value.reason).toBe('resumed');
    },
  );
});
