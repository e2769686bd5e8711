import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startRedis, waitFor } from '@nestwire/harness';
import { Redis } from 'ioredis';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function withClient<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

describe('startRedis', () => {
  it('starts a Redis that answers, and ends it with the block', async () => {
    let pid: number;
    {
      await using redis = await startRedis();
      pid = redis.pid;
      expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
      await expect(withClient(redis.url, (client) => client.ping())).resolves.toBe('PONG');
    }
    expect(isAlive(pid)).toBe(false);
  });

  it('gives each caller an empty one of their own', async () => {
    await using first = await startRedis();
    await using second = await startRedis();
    await withClient(first.url, (client) => client.set('key', 'value'));
    await expect(withClient(second.url, (client) => client.get('key'))).resolves.toBeNull();
  });

  it("passes Redis's own arguments on", async () => {
    await using redis = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const policy = await withClient(redis.url, (client) => client.config('GET', 'maxmemory-policy'));
    expect(policy).toEqual(['maxmemory-policy', 'allkeys-lru']);
  });

  it('can crash, and come back on the same port', async () => {
    await using redis = await startRedis();
    await redis.kill('SIGKILL');
    expect(isAlive(redis.pid)).toBe(false);
    await using again = await startRedis({ port: redis.port });
    await expect(withClient(again.url, (client) => client.ping())).resolves.toBe('PONG');
  });

  it('tells what Redis said where it does not start', async () => {
    await expect(startRedis({ args: ['--no-such-option', '1'] })).rejects.toThrow(
      /did not start.*no-such-option/s,
    );
  });

  it('does not take the port of another', async () => {
    await using other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(startRedis({ port })).rejects.toThrow('Address already in use');
  });

  it('is killed when the process that started it is', async () => {
    const root = fileURLToPath(new URL('../../../', import.meta.url));
    const script = `import { startRedis } from '@nestwire/harness'; console.log((await startRedis()).pid); setInterval(() => {}, 1000);`;
    const parent = spawn(
      process.execPath,
      ['--import', './tools/ts.mjs', '--conditions=@nestwire/source', '--input-type=module', '-e', script],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    expect(isAlive(pid)).toBe(true);

    parent.kill('SIGKILL');
    await waitFor(() => !isAlive(pid), { what: 'Redis to end with its parent' });
  });
});
