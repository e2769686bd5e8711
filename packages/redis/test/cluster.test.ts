import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisCluster, redisCommand, startRedisCluster, waitFor } from '@nestwire/harness';
import { redisBackend, type RedisSettings } from '@nestwire/redis';
import { Cluster } from 'ioredis';
import { slotOf } from '../src/connections/slot.js';
import { Following } from './support/following.js';
import { anEvent, dataOf, KEEP, numbers, silence, started, turn } from './support/log.js';
import { canShard, clientNames } from './support/observed.js';
import { moveSlot } from './support/slots.js';

/** Several on each master. */
const CHANNELS = numbers(12).map((number) => `channel:${number}`);
const KEY = 'nestwire:{channel:0}:log';

describe('a Redis Cluster', () => {
  silence();

  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await startRedisCluster({ masters: 3, replicas: 1 });
  }, 60_000);

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const start = (settings: RedisSettings = {}) =>
    started(redisBackend({ cluster: [...cluster.nodes], ...settings }));

  async function allNames(): Promise<string[]> {
    return (await Promise.all((await cluster.masters()).map(({ port }) => clientNames(port)))).flat();
  }

  it('has keys where we look for them', async () => {
    const { port } = cluster.nodes[0]!;
    for (const key of [KEY, 'nestwire:session:a', '{}x', 'a{b}c{d}', '{a', 'ü{漢字}', '']) {
      expect(slotOf(key)).toBe(await redisCommand(port, ['CLUSTER', 'KEYSLOT', key]));
    }
  });

  it('has a connection to each master, and one more where somebody listens, closed with the backend', async () => {
    const client = new Cluster([...cluster.nodes], { redisOptions: { connectionName: 'own' } });
    const backend = redisBackend({ client });
    await backend.start();
    const others = (await allNames()).filter((name) => name.startsWith('nestwire'));
    expect(others).toEqual(Array<string>(3).fill('nestwire:commands'));
    for (const channel of CHANNELS) await backend.log.follow(channel, () => {});
    const subscribers = (await allNames()).filter((name) => name === 'nestwire:subscriber');
    expect(subscribers).toHaveLength((await canShard(cluster.nodes[0]!.port)) ? 3 : 1);

    await backend.stop();
    expect(await client.ping()).toBe('PONG');
    expect((await allNames()).filter((name) => name.includes('nestwire'))).toEqual([]);
    client.disconnect();
  });

  it('may forget the scripts, on every master', async () => {
    await using backend = await start();
    for (const { port } of await cluster.masters()) await redisCommand(port, ['SCRIPT', 'FLUSH']);
    for (const channel of CHANNELS) await backend.log.append(`${channel}:noscript`, [anEvent()], KEEP);
    const documents = CHANNELS.map((id) =>
      backend.documents.commit(id, { set: new Map([['a', '1']]), del: [], operationId: id }, KEEP),
    );
    expect((await Promise.all(documents)).every(({ ok }) => ok)).toBe(true);
  });

  it('may move a slot: order is kept, nothing is lost or doubled, and followers go along', async () => {
    await using backend = await start();
    await using peer = await start();
    const following = await Following.start(peer, 'channel:0');
    await following.hears(backend);
    const before = (await dataOf(backend.log, 'channel:0')).length;

    const appends: Promise<unknown>[] = [];
    const append = () =>
      appends.push(backend.log.append('channel:0', [anEvent({ data: String(appends.length) })], KEEP));
    await moveSlot(cluster, KEY, async () => {
      for (const _ of numbers(20)) {
        append();
        await turn();
      }
    });
    append();
    await Promise.all(appends);
    expect((await dataOf(backend.log, 'channel:0')).slice(before)).toEqual(numbers(appends.length));
    await following.hears(backend);
  });

  it('waits for the replica of the master that a channel is on', async () => {
    await using backend = await start({ waitReplicas: 1, timeoutMs: 5_000 });
    for (const channel of CHANNELS) await backend.log.append(channel, [anEvent()], KEEP);
    await using strict = await start({ waitReplicas: 2, timeoutMs: 2_500 });
    await expect(strict.log.append('channel:1', [anEvent()], KEEP)).rejects.toMatchObject({
      code: 'unavailable',
      details: { outcome: 'unknown' },
    });
  });

  it.each([
    ['sharded', 'auto' as const],
    ['not sharded', false],
  ])(
    'goes on when a master is killed, without a restart: %s',
    async (_, sharded) => {
      await using backend = await start({ sharded });
      await using peer = await start({ sharded });
      const told: string[] = [];
      peer.onAvailability((availability) => told.push(availability));
      peer.onInterrupted(() => told.push('interrupted'));
      const followings = await Promise.all(CHANNELS.map((channel) => Following.start(peer, channel)));
      await Promise.all(followings.map((following) => following.hears(backend)));

      const channel = sharded === false ? 'channel:1' : 'channel:0';
      await cluster.failover(await cluster.masterOf(`nestwire:{${channel}}:log`));
      await Promise.all(followings.map((following) => following.hears(backend)));
      await waitFor(() => told.at(-1) === 'interrupted');
      expect(told.filter((what) => what !== 'interrupted').slice(0, 2)).toEqual(['unavailable', 'available']);
    },
    60_000,
  );
});
