import { startSentinel } from '@nestwire/harness';
import { Redis } from 'ioredis';

describe('startSentinel', () => {
  it('starts a master with a replica that takes over when it is killed', async () => {
    await using sentinel = await startSentinel();
    const { sentinels, name } = sentinel;
    const client = new Redis({ sentinels: [...sentinels], name });
    client.on('error', () => {});
    try {
      await client.set('key', 'value');
      await client.wait(1, 1_000);
      expect(client.stream.remotePort).toBe(sentinel.master.port);

      await sentinel.killMaster();
      expect(await client.get('key')).toBe('value');
      expect(client.stream.remotePort).toBe(sentinel.replica.port);
    } finally {
      client.disconnect();
    }
  });
});
