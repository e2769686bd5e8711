import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type RedisServer, redisCommand, startRedis } from '@nestwire/harness';
import { get } from 'node:http';
import { startRedisNode, type RedisNode } from './nodes/redis-node.js';
import { numbers } from './support/log.js';
import { count } from './support/observed.js';

const CLIENTS = 500;
const BEHIND = 100;

interface ReadyChannel {
  recovered: boolean;
  replay: number;
}

/** What a client is told that comes back at a position, once the replay that it was promised has ended. */
function comeBack(
  { url }: RedisNode,
  channel: string,
  position: string,
): Promise<{ ready: ReadyChannel; events: number }> {
  return new Promise((resolve, reject) => {
    const path = `/realtime/sse?channels=${channel}&lastEventId=${position}`;
    const request = get(`${url}${path}`, { agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('error', () => {});
      response.on('data', (data: string) => {
        text += data;
        const [, json] = /event: realtime\.ready\ndata: (.*)\n/.exec(text) ?? [];
        if (json === undefined) return;
        const ready = (JSON.parse(json) as { channels: Record<string, ReadyChannel> }).channels[channel]!;
        const events = text.split('\nevent: noted\n').length - 1;
        if (ready.recovered && ready.replay > 0 && !text.includes('event: realtime.replay-end')) return;
        request.destroy();
        resolve({ ready, events });
      });
    });
    request.on('error', reject);
  });
}

/** Many clients that come back at once, to a node that has nothing of their channel yet. */
describe('a storm', () => {
  let redis: RedisServer;
  let publisher: RedisNode;
  let node: RedisNode;

  beforeEach(async () => {
    redis = await startRedis();
    publisher = await startRedisNode(redis.url);
    node = await startRedisNode(redis.url);
  });

  afterEach(async () => {
    for (const each of [publisher, node]) await each[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  /** The positions of so many events. */
  async function publish(channel: string, many: number): Promise<string[]> {
    const published = numbers(many).map((n) => publisher.broadcaster.publish(channel, 'noted', n));
    return (await Promise.all(published)).map(({ position }) => position);
  }

  async function storm(channel: string, positions: readonly string[], clients: number) {
    const counted = await count(redis.port);
    const told = await Promise.all(
      numbers(clients).map((n) => comeBack(node, channel, positions[n % positions.length]!)),
    );
    // What nodes do by themselves every so often does not read a log.
    const { hmget = 0, xrange = 0 } = (await counted()).calls;
    return { told, looks: hmget, reads: xrange };
  }

  it('of clients that are up to a hundred events behind costs a few reads: one each time somebody is further behind', async () => {
    const positions = await publish('orders:eu', BEHIND + 20);
    const { told, reads, looks } = await storm('orders:eu', positions.slice(19), CLIENTS);
    told.forEach(({ ready, events }, n) => {
      const behind = BEHIND - (n % (BEHIND + 1));
      expect(ready).toEqual({ recovered: true, replay: behind });
      expect(events).toBe(behind);
    });
    expect(reads).toBeLessThan(15);
    expect(looks).toBeLessThan(25);
  });

  it('of clients whose events have expired costs no more than one of a few', async () => {
    const positions = await publish('brief:eu', BEHIND);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const { told, looks } = await storm('brief:eu', positions.slice(0, -1), CLIENTS);
    expect(told.every(({ ready }) => !ready.recovered)).toBe(true);
    expect(looks).toBeLessThan(10);
  });

  it('of clients whose log was lost costs no more than one of a few', async () => {
    const positions = await publish('orders:us', BEHIND);
    await redisCommand(redis.port, ['FLUSHALL']);
    const { told, looks } = await storm('orders:us', positions, CLIENTS);
    expect(told.every(({ ready }) => !ready.recovered)).toBe(true);
    expect(looks).toBeLessThan(10);
  });
});
