// `npm run soak`: ten thousand connections that begin and never go on.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type NodeProcess, startNodeProcess, waitFor } from '@nestwire/harness';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import type { Vitals } from './half-open.app.js';

const ATTACKERS = 10_000;
/** So many connect at once, for the system's queue of those that wait to be accepted is short. */
const AT_ONCE = 100;
/** Sources of connections: each loopback address has ports of its own. */
const SOURCES = 8;
const MAX_BYTES_EACH = 40_000;
const PATIENCE_MS = 40_000;

const UPGRADE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

/** What each of them says, and then no more. */
const BEGINNINGS: Readonly<Record<string, string>> = {
  'say nothing': '',
  'send half of a request': 'POST /realtime/commands HTTP/1.1\r\nHost: a\r\nContent-',
  'send a head and half of a body':
    'POST /realtime/commands HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"id"',
  'send half of an upgrade': UPGRADE,
  'open a WebSocket and never join': `${UPGRADE}\r\n`,
  'open long polling and never join': 'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n',
};

describe('ten thousand half-open handshakes', () => {
  let node: NodeProcess;
  let socket: SocketClient;
  let stream: SseClient;
  let said = 0;
  const attackers: Socket[] = [];

  beforeAll(async () => {
    node = await startNodeProcess(new URL('./half-open.app.ts', import.meta.url), {
      args: [`${PATIENCE_MS}`],
    });
    socket = await SocketClient.connect(node.ready);
    await socket.follow('street');
    stream = await SseClient.connect(node.ready, 'street');
  });

  afterAll(async () => {
    for (const attacker of attackers) attacker.destroy();
    socket[Symbol.dispose]();
    stream[Symbol.dispose]();
    await node[Symbol.asyncDispose]();
  });

  const ask = async <T>(path: string): Promise<T> => (await (await fetch(node.ready + path)).json()) as T;
  const vitals = () => ask<Vitals>('/vitals');

  async function begin(text: string, index: number): Promise<void> {
    const attacker = connect({
      port: Number(new URL(node.ready).port),
      host: '127.0.0.1',
      localAddress: `127.0.0.${2 + (index % SOURCES)}`,
    });
    attackers.push(attacker);
    // It answers nothing, a goodbye neither, and does not hang up.
    attacker.on('error', () => undefined);
    await once(attacker, 'connect');
    if (text !== '') attacker.write(text);
  }

  async function attack(): Promise<void> {
    const beginnings = Object.values(BEGINNINGS);
    for (let i = 0; i < ATTACKERS; i += AT_ONCE)
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, k) => begin(beginnings[(i + k) % beginnings.length]!, i + k)),
      );
  }

  /** Whoever was there is served, and so is who comes. */
  async function assertServed(): Promise<void> {
    await ask('/say');
    said += 1;
    await socket.received('street', said);
    await stream.received('street', said);
    using _late = await SocketClient.connect(node.ready);
    expect([socket.disconnects, stream.ended]).toEqual([[], false]);
  }

  it('are all accepted, cost little memory, and are all ended, while others are served', async () => {
    await assertServed();
    const before = await vitals();
    const attacking = attack();
    await assertServed();
    await attacking;
    const during = await vitals();
    await assertServed();

    // Node lets go of a connection between two polls after five seconds.
    expect(during.sockets).toBeGreaterThan((ATTACKERS * 4) / 5);
    expect(during.engines).toBeGreaterThan((ATTACKERS * 4) / 15);
    expect((during.rssBytes - before.rssBytes) / ATTACKERS).toBeLessThan(MAX_BYTES_EACH);
    await waitFor(async () => (await vitals()).engines <= before.engines, {
      what: 'the end of those that never join',
      timeoutMs: 2 * PATIENCE_MS,
    });
    await waitFor(async () => (await vitals()).sockets <= before.sockets + 1, {
      what: 'the end of all of them',
      timeoutMs: 2 * PATIENCE_MS,
      intervalMs: 250,
    });
    await assertServed();
  });
});
