import { waitFor } from '@nestwire/harness';
import { Registry } from 'prom-client';
import { RealtimeMetrics, VersionConflictError } from '../../src/index.js';
import { flickeringBackend } from '../support/flickering-backend.js';
import { knownTokens, bearer } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type AppOptions, type RunningApp, startApp } from '../support/start-app.js';
import { lossyBackend, valuesOf } from './support.js';

const authenticate = knownTokens({ staff: { userId: 's', roles: ['staff'] } });

const HISTORY = { size: 1_000, ttlMs: 30_000 };

function start(options: AppOptions['options'] = {}): Promise<RunningApp> {
  return startApp({ options: { authenticate, ...options } });
}

async function read(app: RunningApp, name: string): Promise<Record<string, number>> {
  const { body } = await app.nest.get(RealtimeMetrics).text();
  return valuesOf(body, name);
}

describe('the metrics', () => {
  it('tell of connections, subscriptions and channels as they are at the time', async () => {
    await using app = await start();
    {
      using stream = await SseClient.connect(app.url, ['open:a', 'open:b']);
      using socket = await SocketClient.connect(app.url);
      await socket.follow('open:a');
      expect(stream.status).toBe(200);
      expect(await read(app, 'nestwire_connections')).toEqual({
        'transport="socket.io"': 1,
        'transport="sse"': 1,
      });
      expect(await read(app, 'nestwire_subscriptions')).toEqual({ '': 3 });
      expect(await read(app, 'nestwire_channels')).toEqual({ '': 2 });
    }
    await app.idle();
    expect(await read(app, 'nestwire_subscriptions')).toEqual({ '': 0 });
    expect(await read(app, 'nestwire_connections_opened_total')).toEqual({
      'transport="socket.io"': 1,
      'transport="sse"': 1,
    });
  });

  it('count each event for each connection that it is handed to, and only for those that may see it', async () => {
    await using app = await start();
    using anybody = await SseClient.connect(app.url, 'open:a');
    using staff = await SseClient.connect(app.url, 'open:a', { headers: bearer('staff') });
    // The snapshot of the session's own document.
    await staff.received(`$state:session:${staff.ready.sid}`, 1);
    using socket = await SocketClient.connect(app.url);
    await socket.follow('open:a');
    for (let n = 0; n < 5; n += 1) await app.realtime.publish('open:a', 'e', n);
    await app.realtime.publish('open:a', 'e', 'secret', { forRoles: ['staff'] });

    await staff.received('open:a', 6);
    await anybody.received('open:a', 5);
    await socket.received('open:a', 5);
    expect(await read(app, 'nestwire_deliveries_total')).toEqual({
      'transport="sse"': 12,
      'transport="socket.io"': 5,
    });
    expect(await read(app, 'nestwire_publish_delivery_seconds_count')).not.toEqual({ '': 0 });
  });

  it('tell where a replay came from', async () => {
    await using app = await start();
    using keeper = await SseClient.connect(app.url, 'open:a');
    const beginning = keeper.cursor!;
    await app.realtime.publish('open:a', 'e', 1);
    await keeper.received('open:a', 1);
    using near = await SseClient.connect(app.url, 'open:a', { lastEventId: beginning });
    using lost = await SseClient.connect(app.url, 'open:a', { lastEventId: 'nonsense' });
    keeper.destroy();
    near.destroy();
    lost.destroy();
    await app.idle();
    using far = await SseClient.connect(app.url, 'open:a', { lastEventId: beginning });
    expect(far.ready.channels).toEqual({ 'open:a': { recovered: true, replay: 1 } });

    expect(await read(app, 'nestwire_replays_total')).toEqual({
      'source="tail"': 1,
      'source="log"': 1,
      'source="refused"': 1,
    });
  });

  it('tell of holes: those that were healed, and those that clients had to be told of', async () => {
    const { backend, lose } = lossyBackend();
    await using app = await start({ backend });
    using client = await SseClient.connect(app.url, 'open:a');
    lose(2);
    for (let n = 0; n < 3; n += 1) await app.realtime.publish('open:a', 'e', n);
    await client.received('open:a', 3);
    expect(await read(app, 'nestwire_gaps_healed_total')).toEqual({ '': 1 });

    const { epoch } = await backend.log.end('open:a', HISTORY);
    await backend.log.rotate('open:a', epoch, HISTORY);
    await app.realtime.publish('open:a', 'e', 3);
    await client.until(() => client.control('gap').length === 1, 'a gap');
    expect(await read(app, 'nestwire_gaps_told_total')).toEqual({
      'reason="expired"': 0,
      'reason="epoch"': 1,
      'reason="unreadable"': 0,
    });
  });

  it('tell what became of publishes and commits', async () => {
    const backend = flickeringBackend();
    await using app = await start({ backend });
    await app.realtime.publish('open:a', 'e', 1, { idempotencyKey: 'k' });
    await app.realtime.publish('open:a', 'e', 1, { idempotencyKey: 'k' });
    await app.realtime.publishMany([
      { channel: 'open:a', event: 'e', data: 1 },
      { channel: 'open:b', event: 'e', data: 1 },
    ]);
    await app.state.patch('doc:1', { a: 1 });
    await app.state.patch('doc:1', { a: 1 });
    await expect(app.state.patch('doc:1', { a: 2 }, { ifVersion: null })).rejects.toThrow(
      VersionConflictError,
    );

    expect(await read(app, 'nestwire_publishes_total')).toMatchObject({
      'outcome="stored"': 3,
      'outcome="duplicate"': 1,
      'outcome="unavailable"': 0,
    });
    expect(await read(app, 'nestwire_commits_total')).toMatchObject({
      'outcome="stored"': 1,
      'outcome="unchanged"': 1,
      'outcome="conflict"': 1,
    });
  });

  it('tell how commands were answered, and never by their names', async () => {
    await using app = await start();
    await app.state.patch('doc:1', { a: 1 });
    using socket = await SocketClient.connect(app.url);
    await socket.command('realtime.state.get', { id: 'doc:1' });
    await socket.command('nobody.knows.it');
    await socket.command('nor.this');

    expect(await read(app, 'nestwire_commands_total')).toMatchObject({
      'outcome="ok"': 1,
      'outcome="not_found"': 2,
      'outcome="conflict"': 0,
    });
    const { body } = await app.nest.get(RealtimeMetrics).text();
    expect(body).not.toContain('nobody.knows');
    expect(body).not.toContain('open:');
  });

  it('tell whether the backend is there', async () => {
    const backend = flickeringBackend();
    await using app = await start({ backend });
    expect(await read(app, 'nestwire_backend_available')).toEqual({ '': 1 });
    backend.become('unavailable');
    expect(await read(app, 'nestwire_backend_available')).toEqual({ '': 0 });
    backend.become('available');
    expect(await read(app, 'nestwire_backend_available')).toEqual({ '': 1 });
  });

  it('count those who read too slowly, and what waits for them', async () => {
    await using app = await start({ limits: { maxQueuedBytes: 64 * 1024 } });
    using client = await SseClient.connect(app.url, 'open:a');
    client.pause();
    const slow = async (): Promise<number> =>
      (await read(app, 'nestwire_slow_consumers_closed_total'))['code="slow_consumer"']!;
    let most = 0;
    await waitFor(
      async () => {
        await app.realtime.publish('open:a', 'e', 'x'.repeat(100_000));
        most = Math.max(most, (await read(app, 'nestwire_queued_bytes'))['']!);
        return (await slow()) === 1;
      },
      { what: 'the client to be cut', timeoutMs: 10_000 },
    );
    expect(most).toBeGreaterThan(0);
    expect(await read(app, 'nestwire_queued_bytes')).toEqual({ '': 0 });
  });

  it('of two modules in one process are two', async () => {
    await using first = await start();
    await using second = await start();
    await first.realtime.publish('open:a', 'e', 1);
    expect((await read(first, 'nestwire_publishes_total'))['outcome="stored"']).toBe(1);
    expect((await read(second, 'nestwire_publishes_total'))['outcome="stored"']).toBe(0);
  });

  it("are in the application's registry where it gives one, until it is closed", async () => {
    const registry = new Registry();
    for (const stored of [1, 2]) {
      await using app = await start({ metrics: { registry } });
      for (let n = 0; n < stored; n += 1) await app.realtime.publish('open:a', 'e', 1);
      expect(valuesOf(await registry.metrics(), 'nestwire_publishes_total')['outcome="stored"']).toBe(stored);
    }
    expect(await registry.metrics()).not.toContain('nestwire');
  });
});
