import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Proxy, type RedisServer, startProxy, startRedis, waitFor } from '@nestwire/harness';
import {
  type AuthenticationRequest,
  type CreatedSession,
  Realtime,
  RealtimeBroadcaster,
  RealtimeChannel,
  RealtimeModule,
  RealtimeSessions,
} from '@nestwire/realtime';
import { redisBackend } from '@nestwire/redis';
import { io, type Socket } from 'socket.io-client';

const HISTORY = { size: 100, ttlMs: 60_000 };

@RealtimeChannel('news:{name}', { history: HISTORY })
class NewsChannel {
  canSubscribe(): boolean {
    return true;
  }
}

class Pings {
  @Realtime({ command: 'ping' })
  ping(): string {
    return 'pong';
  }
}

interface Node extends AsyncDisposable {
  readonly url: string;
  readonly sessions: RealtimeSessions;
  readonly realtime: RealtimeBroadcaster;
}

async function startNode(url: string, history = HISTORY): Promise<Node> {
  @Module({
    imports: [
      RealtimeModule.forRoot({
        backend: redisBackend({ url, timeoutMs: 3_000 }),
        history,
        authenticate: {
          authenticate: ({ token }: AuthenticationRequest) =>
            token === undefined ? null : { userId: 'ann', roles: [], claims: { iss: 'me', jti: token } },
        },
      }),
      RealtimeModule.forFeature([NewsChannel]),
    ],
    providers: [Pings],
  })
  class App {}
  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  return {
    url: await app.getUrl(),
    sessions: app.get(RealtimeSessions),
    realtime: app.get(RealtimeBroadcaster),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** What a client has heard, in order. */
interface Heard {
  readonly socket: Socket;
  readonly lines: string[];
}

describe('revocation over three nodes on one Redis', () => {
  let redis: RedisServer;
  let nodes: Node[];
  const open: Socket[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    nodes = [];
    for (let n = 0; n < 3; n += 1) nodes.push(await startNode(redis.url));
  });

  afterEach(() => {
    for (const socket of open.splice(0)) socket.disconnect();
  });

  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  async function connect(
    { url }: Node,
    { secret, token }: { secret?: string; token?: string },
  ): Promise<Heard> {
    const socket = io(`${url}/realtime`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      ...(token !== undefined && { auth: { token } }),
      ...(secret !== undefined && { extraHeaders: { 'x-session-id': secret } }),
    });
    open.push(socket);
    const lines: string[] = [];
    socket.on('close', ({ code }: { code: string }) => lines.push(code));
    socket.on('degraded', () => lines.push('degraded'));
    socket.on('healed', () => lines.push('healed'));
    // A session's own document, which is empty, is none of the lines.
    socket.on('events', (envelopes: { c: string; d: unknown }[]) =>
      lines.push(...envelopes.filter(({ c }) => !c.startsWith('$state:')).map(({ d }) => String(d))),
    );
    await new Promise((resolve) => socket.once('ready', resolve));
    await socket.emitWithAck('subscribe', { channel: 'news:a' });
    return { socket, lines };
  }

  const revoked = (clients: readonly Heard[]): boolean =>
    clients.every(({ lines }) => lines.includes('session_revoked'));

  it('closes every connection of a session, of a user, and of a token id, on every node, within a second', async () => {
    const [first] = nodes as [Node];
    const session: CreatedSession = await first.sessions.create();
    const mine = await first.sessions.create({ principal: { userId: 'bob', roles: [], claims: {} } });
    const each = async (proof: { secret?: string; token?: string }): Promise<Heard[]> =>
      Promise.all(nodes.map((node) => connect(node, proof)));
    const [bySession, byUser, byToken, others] = await Promise.all([
      each({ secret: session.secret }),
      each({ secret: mine.secret }),
      each({ token: 'stolen' }),
      each({ token: 'other' }),
    ]);
    const ways: [Heard[], () => Promise<unknown>][] = [
      [bySession, () => first.sessions.revoke(session.session.sid)],
      [byUser, () => first.sessions.revokeAll('bob')],
      [byToken, () => first.sessions.revokeToken({ userId: 'ann', claims: { iss: 'me', jti: 'stolen' } })],
    ];
    for (const [clients, revoke] of ways) {
      const since = performance.now();
      await revoke();
      await waitFor(() => revoked(clients), { intervalMs: 5 });
      expect(performance.now() - since).toBeLessThan(1_000);
    }
    expect(others.flatMap(({ lines }) => lines)).toEqual([]);
  });

  it('refuses a token whose id was revoked before it was ever used', async () => {
    await nodes[0]!.sessions.revokeToken({ userId: 'ann', claims: { iss: 'me', jti: 'unseen' } });
    const socket = io(`${nodes[1]!.url}/realtime`, { forceNew: true, auth: { token: 'unseen' } });
    open.push(socket);
    const error = await new Promise((resolve) => socket.once('connect_error', resolve));
    expect(error).toMatchObject({ data: { code: 'unauthenticated', details: { close: 'session_revoked' } } });
  });

  it.each([
    ['and reads it from the log', HISTORY],
    ['and looks the session up where the log has lost it', { size: 100, ttlMs: 50 }],
  ])(
    'reaches a node that was cut off before it delivers again, %s',
    async (_, history) => {
      const [first] = nodes as [Node];
      await using proxy: Proxy = await startProxy({ to: redis.port });
      await using cut = await startNode(`redis://127.0.0.1:${proxy.port}`, history);
      await using near = await startNode(redis.url, history);
      const { session, secret } = await first.sessions.create();
      const thief = await connect(cut, { secret });
      const neighbour = await connect(cut, {});
      const { data } = await thief.socket.emitWithAck('subscribe', { channel: 'news:a' });
      await near.realtime.publish('news:a', 'noted', 0);
      await waitFor(() => [thief, neighbour].every(({ lines }) => lines.includes('0')));

      await proxy.refuse();
      proxy.cut();
      await waitFor(() => thief.lines.includes('degraded'));
      expect(await thief.socket.emitWithAck('command', { id: '1', command: 'ping' })).toMatchObject({
        error: { code: 'unavailable' },
      });
      const sent = await fetch(`${cut.url}/realtime/commands`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"id":"2","command":"ping"}',
      });
      expect(await sent.json()).toMatchObject({ error: { code: 'unavailable' } });

      // Of what this node remembers nothing is replayed either.
      const again = { channel: 'news:a', position: data.position };
      for (const { socket } of [thief, neighbour]) socket.emit('subscribe', again);

      await near.sessions.revoke(session.sid);
      for (const n of [1, 2, 3]) await near.realtime.publish('news:a', 'noted', n);
      if (history.ttlMs < 1_000) await near.realtime.toSession(session.sid).publish('pushes.it.out', 1);
      await proxy.accept();

      await waitFor(() => neighbour.lines.includes('3') && thief.socket.disconnected, { timeoutMs: 10_000 });
      expect(thief.lines).toEqual(['0', 'degraded', 'session_revoked']);
      expect(neighbour.lines.filter((line) => /\d/.test(line))).toEqual(['0', '0', '1', '2', '3']);
    },
    20_000,
  );
});
