import { Injectable } from '@nestjs/common';
import { Realtime } from '../../src/index.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { engineOf, ServerProbe, webSocketOf } from './support.js';

const MB = 1024 * 1024;
const text = 'x'.repeat(100_000);

@Injectable()
class Library {
  @Realtime({ command: 'read' })
  read(): string {
    return text;
  }
}

describe('clients of Socket.IO that do not read', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({
      providers: [ServerProbe, Library],
      options: {
        authenticate: knownTokens({ ann: { userId: 'ann' }, bob: { userId: 'bob' } }),
        history: { size: 10_000, ttlMs: 60_000 },
        limits: { deliveryTimeoutMs: 60_000 },
      },
    });
  });

  afterAll(() => app.close());

  /** Publishes until the condition holds; answers how many events there were. */
  async function publishUntil(channel: string, condition: () => boolean): Promise<number> {
    let count = 0;
    while (!condition()) {
      if (count === 1_000) throw new Error('100 MB were not enough');
      await app.realtime.publish(channel, 'said', `${(count += 1)} ${text}`);
      await new Promise(setImmediate);
    }
    return count;
  }

  it('are cut past 1 MB on a channel, freed at once, and come back for everything; others notice nothing', async () => {
    using slow = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    using fast = await SocketClient.connect(app.url, { auth: { token: 'bob' } });
    const { position } = await slow.follow('open:news');
    await fast.follow('open:news');
    const engine = engineOf(app, slow);
    const { socket } = engine.transport;
    const { connection: id } = slow.ready;
    const { outlet } = app.connections.get(id)!;
    let most = 0;
    slow.io.on('disconnect', () => (slow.io.auth = { token: 'ann', positions: slow.positions }));
    webSocketOf(slow).pause();

    const count = await publishUntil('open:news', () => {
      most = Math.max(most, outlet.queuedBytes());
      return app.connections.get(id) === undefined;
    });

    expect(most).toBeGreaterThan(MB);
    expect(most).toBeLessThan(1.5 * MB);
    await slow.until(() => socket.readyState === socket.CLOSED, 'the socket to be closed');
    expect([engine.readyState, engine.writeBuffer.length, socket.bufferedAmount]).toEqual(['closed', 0, 0]);
    await fast.received('open:news', count);
    expect(fast.disconnects).toEqual([]);

    webSocketOf(slow).resume();
    await slow.until(() => slow.control('ready').length === 2, 'the second ready');
    expect(slow.ready.previous).toEqual({ code: 'slow_consumer' });
    expect(slow.control('close')).toEqual([]);
    await slow.follow('open:news', slow.position('open:news') ?? position);
    await slow.received('open:news', count);
    expect(slow.offsets('open:news')).toEqual(fast.offsets('open:news'));
    expect(new Set(slow.offsets('open:news')).size).toBe(count);
  });

  it('say why only to the session that it happened to, and once', async () => {
    using slow = await SocketClient.connect(app.url, { auth: { token: 'ann' }, reconnection: false });
    await slow.follow('open:once');
    webSocketOf(slow).pause();
    await publishUntil('open:once', () => app.connections.get(slow.ready.connection) === undefined);

    using bob = await SocketClient.connect(app.url, { auth: { token: 'bob' } });
    using ann = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    using again = await SocketClient.connect(app.url, { auth: { token: 'ann' } });

    expect([bob, ann, again].map(({ ready }) => ready.previous)).toEqual([
      undefined,
      { code: 'slow_consumer' },
      undefined,
    ]);
  });

  it('of a document stay, and are brought to its latest value when they read again', async () => {
    using slow = await SocketClient.connect(app.url);
    using fast = await SocketClient.connect(app.url);
    await Promise.all([slow.follow('$state:doc:big'), fast.follow('$state:doc:big')]);
    const { outlet } = app.connections.get(slow.ready.connection)!;
    webSocketOf(slow).pause();

    let most = 0;
    for (let i = 1; i <= 300; i += 1) {
      await app.state.patch('doc:big', { [`field${i % 3}`]: `${i} ${text}`, last: i });
      await new Promise(setImmediate);
      most = Math.max(most, outlet.queuedBytes());
    }

    expect(most).toBeGreaterThan(MB);
    expect(most).toBeLessThan(1.5 * MB);
    const isThere = (client: SocketClient): boolean => fold(client)['last'] === 300;
    await fast.until(() => isThere(fast));
    webSocketOf(slow).resume();
    await slow.until(() => isThere(slow), 'the latest value');
    expect(fold(slow)).toEqual((await app.state.get('doc:big'))!.fields);
    expect(slow.envelopes().length).toBeLessThan(fast.envelopes().length);
    const offsets = slow.offsets('$state:doc:big');
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    await app.state.patch('doc:big', { last: 301 });
    await slow.until(() => fold(slow)['last'] === 301, 'the next patch');
  });

  it('are not cut for a document of nearly 4 MB, nor given it over and over', async () => {
    await using large = await startApp();
    for (let i = 0; i < 19; i += 1)
      await large.state.patch('doc:large', { [`field${i}`]: 'x'.repeat(200_000) });
    using client = await SocketClient.connect(large.url);
    await client.follow('$state:doc:large');
    for (let n = 0; n < 20; n += 1) await large.state.patch('doc:large', { n });
    await client.until(() => client.offsets('$state:doc:large').at(-1) === 39, 'the latest');

    const snapshots = client.envelopes('$state:doc:large').filter(({ n }) => n === 'state.snapshot');
    expect(snapshots).toHaveLength(1);
    expect(client.disconnects).toEqual([]);
  });

  it('that ask and ask are cut as well, whatever they ask for', async () => {
    using slow = await SocketClient.connect(app.url, { auth: { token: 'ann' }, reconnection: false });
    const { connection } = slow.ready;
    const engine = engineOf(app, slow);
    const { outlet } = app.connections.get(connection)!;
    webSocketOf(slow).pause();

    let most = 0;
    for (let i = 0; i < 1_000 && app.connections.get(connection) !== undefined; i += 1) {
      for (let k = 0; k < 20; k += 1)
        slow.io.emit('command', { id: `${i}-${k}`, command: 'read' }, () => undefined);
      await new Promise(setImmediate);
      most = Math.max(most, outlet.queuedBytes());
    }

    expect(app.connections.get(connection)).toBeUndefined();
    expect(most).toBeLessThan(1.5 * MB);
    expect([engine.readyState, engine.writeBuffer.length]).toEqual(['closed', 0]);
  });
});

/** A document as its snapshot and patches make it. */
function fold(client: SocketClient): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const { n, d } of client.envelopes()) {
    const { set, del = [] } = n === 'state.snapshot' ? { set: d } : (d as { set: object; del: string[] });
    Object.assign(fields, set);
    for (const name of del) delete fields[name];
  }
  return fields;
}
