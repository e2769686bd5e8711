import type { Redis } from 'ioredis';

/** True where the server says that it copies another one and takes no writes of its own. */
export async function isReadOnlyReplica(client: Redis): Promise<boolean> {
  // Not everybody may ask.
  const info = await client.info('replication').catch(() => '');
  return /^role:slave\b/m.test(info) && /^slave_read_only:1\b/m.test(info);
}
