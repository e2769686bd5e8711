import { startProxy, startRedis, waitFor, type Proxy, type RedisServer } from '@nestwire/harness';
import { Redis } from 'ioredis';

describe('startProxy', () => {
  let redis: RedisServer;
  let proxy: Proxy;
  const clients: Redis[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });

  beforeEach(async () => {
    proxy = await startProxy({ to: redis.port });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await proxy[Symbol.asyncDispose]();
  });

  afterAll(() => redis[Symbol.asyncDispose]());

  async function connect(): Promise<Redis> {
    const made = new Redis({
      port: proxy.port,
      lazyConnect: true,
      retryStrategy: () => null,
      disconnectTimeout: 10,
    });
    made.on('error', () => {});
    clients.push(made);
    await made.connect();
    return made;
  }

  it('forwards both ways', async () => {
    const one = await connect();
    await one.set('key', 'x'.repeat(1_000_000));
    expect(await one.strlen('key')).toBe(1_000_000);
    expect(proxy.connections).toBe(1);
  });

  it('delays, and keeps the order when it no longer does', async () => {
    const one = await connect();
    proxy.delay(50);
    const before = performance.now();
    const first = one.rpush('list', 'a');
    await new Promise((resolve) => setTimeout(resolve, 5));
    proxy.delay(0);
    await Promise.all([first, one.rpush('list', 'b')]);
    expect(performance.now() - before).toBeGreaterThan(45);
    expect(await one.lrange('list', 0, -1)).toEqual(['a', 'b']);
  });

  it('cuts every connection', async () => {
    const [one, other] = [await connect(), await connect()];
    proxy.cut();
    await waitFor(() => one.status === 'end' && other.status === 'end');
    await waitFor(() => proxy.connections === 0);
    expect([one.status, other.status]).toEqual(['end', 'end']);
  });

  it('holds back replies only, which are lost when the connection is cut', async () => {
    const one = await connect();
    proxy.hold('replies');
    const lost = one.incr('counter');
    lost.catch(() => {});
    await using direct = {
      redis: new Redis(redis.url),
      [Symbol.asyncDispose]: async () => direct.redis.disconnect(),
    };
    await waitFor(async () => (await direct.redis.get('counter')) === '1');
    proxy.cut();
    await expect(lost).rejects.toThrow('Connection is closed');
  });

  it('holds back requests, and delivers them late, even those of a client that has gone', async () => {
    const one = await connect();
    proxy.hold();
    one.set('late', '1').catch(() => {});
    await waitFor(() => proxy.pending > 0);
    one.disconnect();
    proxy.release();
    const other = await connect();
    expect(await waitFor(() => other.get('late'))).toBe('1');
  });

  it('strands what is on its way, while new connections go through', async () => {
    const one = await connect();
    proxy.hold('requests');
    one.set('stranded', '1').catch(() => {});
    await waitFor(() => proxy.pending > 0);
    proxy.strand();
    await waitFor(() => one.status === 'end');
    const other = await connect();
    expect(await other.get('stranded')).toBeNull();
    proxy.release();
    expect(await waitFor(() => other.get('stranded'))).toBe('1');
  });

  it('refuses new connections, and takes them again on the same port', async () => {
    const { port } = proxy;
    await proxy.refuse();
    await expect(connect()).rejects.toThrow('Connection is closed');
    await proxy.accept();
    expect(proxy.port).toBe(port);
    expect(await (await connect()).ping()).toBe('PONG');
  });
});
