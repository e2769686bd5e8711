import { RealtimeChannel, RealtimeDocument } from '../../src/index.js';
import { bearer, knownTokens } from '../support/known-tokens.js';
import { SseClient, type StreamOptions } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const MB = 1024 * 1024;
const BIG = 'x'.repeat(100_000);

@RealtimeChannel('deep:{name}', { history: { size: 10_000, ttlMs: 60_000 } })
class DeepHistory {
  canSubscribe(): boolean {
    return true;
  }
}

@RealtimeDocument('short:{id}', { history: { size: 3, ttlMs: 60_000 } })
class ShortHistory {
  canRead(): boolean {
    return true;
  }
}

describe('clients that read slowly, or not at all', () => {
  let app: RunningApp;

  async function start(deliveryTimeoutMs = 30_000): Promise<RunningApp> {
    const authenticate = knownTokens({ a: { userId: '42' } });
    return (app = await startApp({
      policies: [DeepHistory, ShortHistory],
      options: { authenticate, limits: { deliveryTimeoutMs } },
    }));
  }

  async function publish(channel: string, count: number, data: unknown): Promise<void> {
    for (let i = 0; i < count; i += 1) await app.realtime.publish(channel, 'e', data);
  }

  /** A client and what waits for it in the server. */
  async function connect(channels: string | string[], options?: StreamOptions) {
    const client = await SseClient.connect(app.url, channels, options);
    const { outlet } = app.connections.get(client.ready.connection)!;
    return { client, queued: () => outlet.queuedBytes() };
  }

  it('are sent a long replay at their own pace, with little waiting in the server, while others go on', async () => {
    await using _ = await start();
    const first = await connect(['deep:a', 'open:live']);
    first.client.destroy();
    await publish('deep:a', 300, BIG);
    using other = (await connect('open:live')).client;

    const { client, queued } = await connect(['deep:a', 'open:live'], { lastEventId: first.client.cursor! });
    let most = 0;
    for (let n = 1; client.offsets('deep:a').length < 300; n += 1) {
      client.pause();
      await app.realtime.publish('open:live', 'e', n);
      await other.received('open:live', n);
      most = Math.max(most, queued());
      client.resume();
      await client.received('open:live', n, { timeoutMs: 10_000 });
    }

    expect(client.offsets('deep:a')).toEqual(Array.from({ length: 300 }, (_unused, i) => i + 1));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(MB / 2);
    client.destroy();
  });

  it('hold nobody up while they stall in the middle of a replay', async () => {
    await using _ = await start();
    const first = await connect('deep:b');
    first.client.destroy();
    await publish('deep:b', 300, BIG);

    const { client, queued } = await connect('deep:b', { lastEventId: first.client.cursor! });
    client.pause();
    await client.until(() => queued() > 0, 'bytes to wait');
    using other = (await connect('deep:b')).client;
    await publish('deep:b', 50, 1);
    await other.received('deep:b', 50);
    expect(queued()).toBeLessThan(MB / 2);

    client.resume();
    await client.received('deep:b', 350, { timeoutMs: 10_000 });
    expect(client.offsets('deep:b')).toEqual(Array.from({ length: 350 }, (_unused, i) => i + 1));
    expect(client.control('gap')).toEqual([]);
    client.destroy();
  });

  it('are cut once too much waits for them, and come back by their cursor with nothing lost', async () => {
    await using _ = await start();
    const { client, queued } = await connect('deep:c', { headers: bearer('a') });
    using other = (await connect('deep:c')).client;
    client.pause();
    let most = 0;
    let count = 0;
    while (app.connections.get(client.ready.connection) !== undefined) {
      await publish('deep:c', 1, BIG);
      await other.received('deep:c', (count += 1));
      most = Math.max(most, queued());
    }
    client.resume();
    await client.end();

    expect(most).toBeGreaterThan(MB / 2);
    expect(most).toBeLessThan(MB + 300_000);
    expect(client.control('close')).toEqual([]);
    const seen = client.offsets('deep:c');
    const options = { headers: bearer('a'), lastEventId: client.cursor! };
    using again = (await connect('deep:c', options)).client;
    await again.until(() => again.offsets('deep:c').at(-1) === count, 'the rest');

    expect(again.ready.previous).toEqual({ code: 'slow_consumer' });
    expect(again.ready.channels['deep:c']).toMatchObject({ recovered: true });
    const all = new Set([...seen, ...again.offsets('deep:c')]);
    expect(all.size).toBe(count);
    using third = (await connect('deep:c', options)).client;
    expect(third.ready).not.toHaveProperty('previous');
  });

  it('are brought to the latest value of a document instead', async () => {
    await using _ = await start();
    const { client, queued } = await connect('$state:doc:a');
    await client.received('$state:doc:a', 1);
    client.pause();
    let n = 0;
    let most = 0;
    const patch = async (): Promise<void> => {
      await app.state.patch('doc:a', { n: (n += 1), text: `${n}${BIG}` });
      most = Math.max(most, queued());
    };
    await client.until(async () => {
      await patch();
      return queued() > MB;
    }, 'the bound');
    for (let i = 0; i < 100; i += 1) await patch();

    expect(most).toBeLessThan(MB + 300_000);
    client.resume();
    await client.until(() => client.events().at(-1)?.o === n, { what: 'the latest', timeoutMs: 10_000 });
    expect(client.events().length).toBeLessThan(n - 50);
    expect(client.events().at(-1)).toMatchObject({ event: 'state.patch', d: { set: { n } } });
    expect(client.control('gap')).toEqual([]);
    const offsets = client.offsets('$state:doc:a');
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    await app.state.patch('doc:a', { after: true });
    await client.until(() => client.events().at(-1)?.o === n + 1, 'live patches again');
    client.destroy();
  });

  it('are given a fresh snapshot where the patches in between are gone', async () => {
    await using _ = await start();
    const { client, queued } = await connect('$state:short:a');
    await client.received('$state:short:a', 1);
    client.pause();
    let n = 0;
    await client.until(async () => {
      await app.state.patch('short:a', { n: (n += 1), text: `${n}${BIG}` });
      return queued() > MB;
    }, 'the bound');
    for (let i = 0; i < 20; i += 1) await app.state.patch('short:a', { n: (n += 1) });
    client.resume();
    await client.until(() => client.events().at(-1)?.o === n, { what: 'the latest', timeoutMs: 10_000 });

    expect(client.control('gap')).toEqual([{ channel: '$state:short:a', reason: 'expired' }]);
    expect(client.events().at(-1)).toMatchObject({ event: 'state.snapshot', d: { n } });
    client.destroy();
  });

  it('are not cut for a large snapshot that is still on its way', async () => {
    await using _ = await start();
    for (let i = 0; i < 60; i += 1)
      await app.state.patch('doc:large', { [`field${i}`]: 'x'.repeat(200_000) });

    const { client, queued } = await connect(['$state:doc:large', 'deep:d']);
    client.pause();
    await client.until(() => queued() > MB, 'the snapshot to wait');
    await publish('deep:d', 20, 1);
    client.resume();
    await client.received('deep:d', 20, { timeoutMs: 10_000 });

    expect(client.events()[0]).toMatchObject({ event: 'state.snapshot' });
    expect(client.offsets('deep:d')).toEqual(Array.from({ length: 20 }, (_unused, i) => i + 1));
    client.destroy();
  });

  it('are cut when nothing gets through for the delivery time-out, and are told when they are back', async () => {
    await using _ = await start(100);
    const { client, queued } = await connect('deep:e', { headers: bearer('a') });
    using other = (await connect('deep:e')).client;
    client.pause();
    let count = 0;
    await client.until(async () => {
      await publish('deep:e', 1, BIG);
      await other.received('deep:e', (count += 1));
      return queued() > 0;
    }, 'bytes to wait');
    await client.until(() => app.connections.get(client.ready.connection) === undefined, 'the cut');
    client.resume();
    await client.end();

    const options = { headers: bearer('a'), lastEventId: client.cursor! };
    using again = (await connect('deep:e', options)).client;
    await again.until(
      () => client.offsets('deep:e').at(-1) === count || again.offsets('deep:e').at(-1) === count,
      'the rest',
    );
    expect(again.ready.previous).toEqual({ code: 'delivery_timeout' });
  });

  it('are told why they were cut by the stream that opens, not by one that is refused', async () => {
    await using _ = await start();
    const { client } = await connect('deep:g', { headers: bearer('a') });
    app.connections.get(client.ready.connection)!.close('slow_consumer');
    await client.end();

    using refused = await SseClient.open(app.url, 'nobody:a', { headers: bearer('a') });
    expect(refused.status).toBe(403);
    using again = (await connect('deep:g', { headers: bearer('a') })).client;
    expect(again.ready.previous).toEqual({ code: 'slow_consumer' });
  });

  it('are not cut while they read, however slowly', async () => {
    await using _ = await start(1_000);
    const first = await connect('deep:f');
    first.client.destroy();
    await publish('deep:f', 200, BIG);

    const { client } = await connect('deep:f', { lastEventId: first.client.cursor! });
    const begun = performance.now();
    while (client.offsets('deep:f').length < 200) {
      client.pause();
      const until = performance.now() + 100;
      await client.until(() => performance.now() > until, 'a rest');
      client.resume();
      const count = client.blocks.length;
      await client.until(() => client.blocks.length > count || client.ended, 'something');
      expect(client.ended).toBe(false);
    }
    expect(performance.now() - begun).toBeGreaterThan(100);
    client.destroy();
  });
});
