import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type NodeProcess,
  redisCommand,
  startNodeProcess,
  startRedis,
  startRedisCluster,
  waitFor,
} from '@nestwire/harness';
import type { RedisBackendOptions } from '@nestwire/redis';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { Started } from '../faults/support/started.js';

const APP = new URL('chat.app.ts', import.meta.url);
const DEFAULT_TIMEOUT_MS = 5_000;
/** A request beside it, on a busy machine. */
const SLACK_MS = 1_000;
/** How long processes are watched that should do nothing but wait. */
const QUIET_MS = 2_000;

/** Two nodes, each a process of its own, and a client in the room on each. */
describe("the application's own gateways, where Redis goes away", () => {
  let all: Started;
  let nodes: readonly NodeProcess[];
  let clients: readonly Socket[];
  let heard: string[];
  let timeoutMs: number;

  async function start(options: RedisBackendOptions): Promise<void> {
    const args = [JSON.stringify(options)];
    timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    nodes = await Promise.all([1, 2].map(async () => all.keep(await startNodeProcess(APP, { args }))));
    heard = [];
    clients = nodes.map(({ ready }, n) => {
      const client = io(ready, { transports: ['websocket'], forceNew: true, reconnection: false });
      client.on('news', (news: string) => heard.push(`${n}: ${news}`));
      client.on('question', (answer: (text: string) => void) => answer(`${n}`));
      return client;
    });
    for (const client of clients) expect(await client.emitWithAck('join')).toBe('joined');
    await assertSpanned();
  }

  async function ask<T>(node: NodeProcess, path: string): Promise<T> {
    return (await (await fetch(`${node.ready}/${path}`)).json()) as T;
  }

  async function tell(node: NodeProcess, path: string, body: object = {}): Promise<void> {
    const headers = { 'Content-Type': 'application/json' };
    await fetch(`${node.ready}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Whichever node is asked sees both clients, reaches both, and hears both. */
  async function assertSpanned(): Promise<void> {
    for (const [n, node] of nodes.entries()) {
      const sockets = async (): Promise<boolean> =>
        (await ask<{ sockets?: number }>(node, 'sockets')).sockets === 2;
      await waitFor(sockets, { timeoutMs: 15_000, what: 'the sockets of both nodes' });
      // A node that is subscribed again may not know yet how many others are.
      const answered = async (): Promise<boolean> => {
        const { answers, all: isAll } = await ask<{ answers: string[]; all: boolean }>(node, 'answers');
        return isAll && answers.sort().join() === '0,1';
      };
      await waitFor(answered, { timeoutMs: 15_000, what: 'the answers of both nodes' });
      await tell(node, 'news', { news: `by ${n}` });
      await waitFor(() => [0, 1].every((client) => heard.includes(`${client}: by ${n}`)));
    }
    heard.length = 0;
  }

  /** Nothing is claimed, nothing waits for long, the node's own clients are reached, and no process ends. */
  async function assertAway(): Promise<void> {
    for (const [n, node] of nodes.entries()) {
      const before = performance.now();
      expect(await ask(node, 'sockets')).toMatchObject({ code: 'unavailable', temporary: true });
      expect(performance.now() - before).toBeLessThan(timeoutMs + SLACK_MS);
      expect(await ask(node, 'answers')).toEqual({ answers: [`${n}`], all: false });
      await tell(node, 'news', { news: 'here' });
    }
    await waitFor(() => heard.length === 2);
    expect(heard.sort()).toEqual(['0: here', '1: here']);
    heard.length = 0;
    assertAlive();
  }

  function assertAlive(): void {
    expect(nodes.map(({ end, output }) => end && output)).toEqual([undefined, undefined]);
  }

  beforeEach(() => {
    all = new Started();
  });

  afterEach(async () => {
    for (const client of clients) client.disconnect();
    await all[Symbol.asyncDispose]();
  });

  it('say so when it hangs, is killed or cuts them, go on with their own clients, and span all nodes again', async () => {
    const redis = all.keep(await startRedis());
    const { port } = redis;
    await start({ url: redis.url, timeoutMs: 1_500 });
    await redis.kill('SIGSTOP');
    await assertAway();
    await redis.kill('SIGCONT');
    await assertSpanned();

    await redisCommand(port, ['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    await assertSpanned();

    await redis.kill('SIGKILL');
    await assertAway();
    await assertQuiet(port);
    const next = all.keep(await startRedis({ port }));
    await assertSpanned();

    await next.kill('SIGKILL');
    await waitFor(async () => 'code' in (await ask<object>(nodes[0]!, 'sockets')));
    await tell(nodes[0]!, 'disconnect');
    await waitFor(() => !clients[0]!.connected);
    expect(clients[1]!.connected).toBe(true);
    assertAlive();
  }, 60_000);

  it('span all nodes again after a failover of a Cluster', async () => {
    const cluster = all.keep(await startRedisCluster());
    await start({ cluster: [...cluster.nodes] });
    await cluster.failover(await cluster.masterOf('nestwire:socket.io#/#'));
    await assertSpanned();
    await tell(nodes[0]!, 'disconnect');
    await waitFor(() => clients.every(({ connected }) => !connected));
    assertAlive();
  }, 60_000);

  /** What listens where Redis was, and closes every connection at once. */
  async function assertQuiet(port: number): Promise<void> {
    let attempts = 0;
    const server = createServer((socket) => {
      attempts += 1;
      socket.on('error', () => {}).destroy();
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    const used = async (): Promise<number[]> =>
      Promise.all(nodes.map(async (node) => (await ask<{ cpuMs: number }>(node, 'cpu')).cpuMs));
    const lines = (): number[] => nodes.map(({ output }) => output.split('\n').length);
    const before = { used: await used(), lines: lines() };
    await sleep(QUIET_MS);
    const after = { used: await used(), lines: lines() };
    for (const n of [0, 1]) {
      expect(after.used[n]! - before.used[n]!).toBeLessThan(600);
      expect(after.lines[n]! - before.lines[n]!).toBeLessThan(8);
    }
    expect(attempts).toBeGreaterThan(0);
    expect(attempts).toBeLessThan(60);
    server.close();
    await once(server, 'close');
  }
});
