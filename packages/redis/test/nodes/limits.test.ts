import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type NodeProcess,
  redisCommand,
  type RedisServer,
  startNodeProcess,
  startRedis,
  waitFor,
} from '@nestwire/harness';
import { io, type Socket } from 'socket.io-client';

const APP = new URL('./limited.app.ts', import.meta.url);

describe('limits over two nodes on one Redis', () => {
  let redis: RedisServer;
  let left: NodeProcess;
  let right: NodeProcess;
  const open: Socket[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    [left, right] = await Promise.all([
      startNodeProcess(APP, { args: [redis.url] }),
      startNodeProcess(APP, { args: [redis.url] }),
    ]);
  });

  afterEach(() => {
    for (const socket of open.splice(0)) socket.disconnect();
  });

  afterAll(async () => {
    await Promise.all([left[Symbol.asyncDispose](), right[Symbol.asyncDispose]()]);
    await redis[Symbol.asyncDispose]();
  });

  function socketTo({ ready: url }: NodeProcess, token: string): Socket {
    const socket = io(`${url}/realtime`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: { token },
    });
    open.push(socket);
    return socket;
  }

  /** Whether it is let in; who is not is cut. */
  function isLetIn(node: NodeProcess, token: string): Promise<boolean> {
    const socket = socketTo(node, token);
    return new Promise((resolve) => {
      socket.once('ready', () => resolve(true));
      socket.io.once('close', () => resolve(false));
    });
  }

  /** The key by which the node lives that holds so many of this. */
  async function keyOfHolder(held: string, count: number): Promise<string> {
    const [hash] = (await redisCommand(redis.port, ['KEYS', `*held:${held}`])) as string[];
    const fields = (await redisCommand(redis.port, ['HGETALL', hash!])) as string[];
    const node = fields[fields.indexOf(`${count}`) - 1]!;
    const [key] = (await redisCommand(redis.port, ['KEYS', `*node:${node}`])) as string[];
    return key!;
  }

  it('keeps who is punished by one away from the other, and nobody else', async () => {
    const socket = socketTo(left, 'eve');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('ready', resolve));
    for (let i = 0; i < 30; i += 1) socket.emit('command', { id: `${i}`, command: 'realtime.heartbeat' });

    expect(await closed).toMatchObject({ code: 'rate_limited', retryAfterMs: 20_000 });
    await waitFor(async () => !(await isLetIn(right, 'eve')), { what: 'the word of the penalty' });
    expect(await isLetIn(right, 'bob')).toBe(true);
  });

  it('renews the token of a stream that the other has', async () => {
    const authorization = 'Bearer ann:old';
    const aborted = new AbortController();
    const stream = await fetch(`${left.ready}/realtime/sse`, {
      headers: { authorization },
      signal: aborted.signal,
    });
    const reader = stream.body!.getReader();
    const ready = Buffer.from((await reader.read()).value!).toString();
    const connection = /"connection":"([\w-]+)"/.exec(ready)![1];
    const command = { id: 'a', command: 'realtime.auth', connection, data: { token: 'ann:fresh' } };
    const answer = await fetch(`${right.ready}/realtime/commands`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(command),
    });
    aborted.abort();

    const reply = (await answer.json()) as { ok: boolean; data: { expiresAt: number } };
    expect(reply.ok).toBe(true);
    expect(reply.data.expiresAt).toBeGreaterThan(Date.now() + 3_000_000);
  });

  it('counts a user’s connections on both, until one of them is killed', async () => {
    expect([await isLetIn(left, 'joe'), await isLetIn(left, 'joe')]).toEqual([true, true]);
    expect(await isLetIn(right, 'joe')).toBe(false);
    await left.kill('SIGKILL');

    const key = await keyOfHolder('connections:user:joe', 2);
    const remainingMs = Number(await redisCommand(redis.port, ['PTTL', key]));
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(15_000);
    expect(await isLetIn(right, 'joe')).toBe(false);
    // Its time is brought forward: nobody else says any more that the dead node lives.
    await redisCommand(redis.port, ['PEXPIRE', key, 1]);
    await waitFor(() => isLetIn(right, 'joe'), { what: 'the death of the other node to be known' });
  });
});
