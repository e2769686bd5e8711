import { startRedisCluster, type RedisCluster } from '@nestwire/harness';
import { Cluster } from 'ioredis';

describe('startRedisCluster', () => {
  let cluster: RedisCluster;
  let client: Cluster;

  beforeAll(async () => {
    cluster = await startRedisCluster({ masters: 3, replicas: 1 });
    client = new Cluster([...cluster.nodes]);
    client.on('error', () => {});
  });

  afterAll(async () => {
    client.disconnect();
    await cluster[Symbol.asyncDispose]();
  });

  it('starts a whole cluster, and knows which master has a key', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await client.set(key, key);
    for (const key of ['a', 'b', 'c', 'd']) expect(await client.get(key)).toBe(key);
    expect(await cluster.masters()).toHaveLength(3);
    expect(new Set([await cluster.masterOf('a'), await cluster.masterOf('b')]).size).toBe(2);
  });

  it('has a master change places with its replica', async () => {
    const before = await cluster.masterOf('a');
    await cluster.switchOver(before);
    expect(await cluster.masterOf('a')).not.toBe(before);
    expect(await client.get('a')).toBe('a');
  });

  it('kills a master, whose replica takes over', async () => {
    const before = await cluster.masterOf('b');
    await cluster.failover(before);
    expect(await cluster.masterOf('b')).not.toBe(before);
    expect(await client.get('b')).toBe('b');
  });
});
