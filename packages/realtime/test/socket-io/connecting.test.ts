import { bearer, knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe('connecting over Socket.IO', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({
      options: {
        authenticate: knownTokens({ ann: { userId: 'ann', roles: ['staff', 'night/shift'] } }),
        limits: { maxConnectionsPerSession: 300 },
      },
    });
  });

  afterAll(() => app.close());

  it('greets an anonymous visitor with its connection, no session and no channels', async () => {
    using client = await SocketClient.connect(app.url);

    expect(client.ready).toEqual({ connection: expect.any(String), sid: null, channels: {} });
    expect(app.connections.get(client.ready.connection)?.transport).toBe('socket.io');
  });

  it('greets a user with its session and the channels that it follows by itself', async () => {
    using client = await SocketClient.connect(app.url, { auth: { token: 'ann' } });

    const { sid, channels } = client.ready;
    expect(sid).toMatch(/^[\w-]{22}$/);
    const start = { position: expect.any(String), replay: 0 };
    expect(channels).toEqual({
      [`$session:${sid}`]: start,
      [`$state:session:${sid}`]: start,
      '$user:ann': start,
      '$role:staff': start,
      '$role:night/2fshift': start,
    });
  });

  it('has one session for all connections of one token', async () => {
    using first = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    using second = await SocketClient.connect(app.url, { extraHeaders: bearer('ann') });

    expect(second.ready.sid).toBe(first.ready.sid);
    expect(second.ready.connection).not.toBe(first.ready.connection);
  });

  it('says ready before anything else, whatever is published meanwhile', async () => {
    const publishing = setInterval(() => void app.realtime.toUser('ann').publish('tick', 1), 1);

    for (let i = 0; i < 20; i += 1) {
      using client = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
      await client.received('$user:ann', 2);
      expect(client.heard[0]).toMatchObject({ kind: 'control', name: 'ready' });
    }

    clearInterval(publishing);
  });

  it('leaves nothing behind after 200 connections that came and went', async () => {
    const clients = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const client = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
        await client.follow(`open:${i % 7}`);
        return client;
      }),
    );
    expect(app.connections.all()).toHaveLength(200);

    clients.forEach(({ io }, i) => (i % 2 === 0 ? io.disconnect() : io.io.engine.close()));
    for (const { io } of clients) io.disconnect();

    await app.idle();
  });
});
