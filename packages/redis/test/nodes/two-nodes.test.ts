import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis, waitFor } from '@nestwire/harness';
import { io, type Socket } from 'socket.io-client';
import { type RedisNode, startRedisNode } from './redis-node.js';

interface Received {
  readonly offsets: number[];
  readonly controls: string[];
}

describe('two nodes on one Redis', () => {
  let redis: RedisServer;
  let nodes: [RedisNode, RedisNode];
  const sockets: Socket[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    nodes = [await startRedisNode(redis.url), await startRedisNode(redis.url)];
  });

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.disconnect();
  });

  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  async function listen({ url }: RedisNode, channel: string): Promise<Received> {
    const socket = io(`${url}/realtime`, { transports: ['websocket'], forceNew: true });
    sockets.push(socket);
    const received: Received = { offsets: [], controls: [] };
    socket.on('events', (envelopes: { o: number }[]) =>
      received.offsets.push(...envelopes.map(({ o }) => o)),
    );
    for (const control of ['degraded', 'healed', 'gap'])
      socket.on(control, () => received.controls.push(control));
    await new Promise((resolve) => socket.once('ready', resolve));
    const answer = (await socket.emitWithAck('subscribe', { channel })) as { ok: boolean };
    expect(answer.ok).toBe(true);
    return received;
  }

  it('bring events that any of them publishes to the listeners of all, in one order', async () => {
    const [a, b] = [await listen(nodes[0], 'orders:eu'), await listen(nodes[1], 'orders:eu')];
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => nodes[n % 2]!.broadcaster.publish('orders:eu', 'noted', n)),
    );
    const all = Array.from({ length: 200 }, (_, n) => n + 1);
    await waitFor(() => a.offsets.length >= 200 && b.offsets.length >= 200);
    expect(a.offsets).toEqual(all);
    expect(b.offsets).toEqual(all);
  });

  it("span the application's own gateways", async () => {
    const clients = nodes.map(({ url }) => io(url, { transports: ['websocket'], forceNew: true }));
    sockets.push(...clients);
    for (const client of clients) expect(await client.emitWithAck('join')).toBe('joined');
    expect(await nodes[0].chat.server.in('room').fetchSockets()).toHaveLength(2);

    const heard = clients.map((client) => new Promise((resolve) => client.once('news', resolve)));
    nodes[0].chat.server.to('room').emit('news', 'all');
    expect(await Promise.all(heard)).toEqual(['all', 'all']);
  });

  it("leave the gateways of another database's nodes alone", async () => {
    await using elsewhere = await startRedisNode(`${redis.url}/1`);
    for (const { url } of [nodes[0], elsewhere]) {
      const client = io(url, { transports: ['websocket'], forceNew: true });
      sockets.push(client);
      expect(await client.emitWithAck('join')).toBe('joined');
    }
    for (const { chat } of [nodes[0], elsewhere])
      expect(await chat.server.in('room').fetchSockets()).toHaveLength(1);
  });

  it('say that they are degraded and healed, and publish what was waiting, when Redis was away', async () => {
    const received = await listen(nodes[1], 'orders:us');
    await nodes[0].broadcaster.publish('orders:us', 'noted', 1);
    await waitFor(() => received.offsets.length === 1);

    const { port } = redis;
    await redis.kill('SIGKILL');
    await waitFor(() => received.controls.includes('degraded'));
    const waiting = nodes[0].broadcaster.publish('orders:us', 'noted', 2);
    redis = await startRedis({ port });
    await waiting;

    // This Redis has forgotten everything: the clients are told, and go on.
    await waitFor(() => received.controls.includes('healed') && received.controls.includes('gap'), {
      timeoutMs: 10_000,
    });
    await nodes[1].broadcaster.publish('orders:us', 'noted', 3);
    await waitFor(() => received.offsets.at(-1) === 2);
    expect(received.controls).toContain('degraded');
  }, 30_000);
});
