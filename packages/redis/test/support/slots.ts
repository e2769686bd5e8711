import { type RedisCluster, type RedisServer, redisCommand } from '@nestwire/harness';

/** Moves a key's slot, with all that is in it, to another master, as `redis-cli --cluster reshard` does, one key after another. */
export async function moveSlot(
  cluster: RedisCluster,
  key: string,
  between: () => Promise<void>,
): Promise<void> {
  const from = await cluster.masterOf(key);
  const masters = await cluster.masters();
  const to = masters.find((master) => master !== from)!;
  const slot = Number(await redisCommand(from.port, ['CLUSTER', 'KEYSLOT', key]));
  const [fromId, toId] = [await idOf(from), await idOf(to)];
  await redisCommand(to.port, ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId]);
  await redisCommand(from.port, ['CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId]);
  await between();
  for (;;) {
    const keys = (await redisCommand(from.port, ['CLUSTER', 'GETKEYSINSLOT', slot, 1])) as string[];
    if (keys.length === 0) break;
    await redisCommand(from.port, ['MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys]);
    await between();
  }
  for (const { port } of [to, from, ...masters])
    await redisCommand(port, ['CLUSTER', 'SETSLOT', slot, 'NODE', toId]);
}

async function idOf({ port }: RedisServer): Promise<string> {
  return String(await redisCommand(port, ['CLUSTER', 'MYID']));
}
