import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, redisCommand, startRedis, waitFor } from '@nestwire/harness';
import { redisBackend, type RedisBackendOptions } from '@nestwire/redis';
import { Redis } from 'ioredis';
import { readFile } from 'node:fs/promises';
import { anEvent, dataOf, KEEP, silence, started } from './support/log.js';
import { clientNames } from './support/observed.js';

describe('connections', () => {
  silence();

  let redis: RedisServer;
  const clients: Redis[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await waitFor(async () => (await clientNames(redis.port)).length === 0);
  });

  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  /** Publishes and follows, and answers with the keys that were made. */
  async function use(options: RedisBackendOptions, channel: string): Promise<string[]> {
    await using backend = await started(redisBackend(options));
    const received: string[] = [];
    const unfollow = await backend.log.follow(channel, (entries) =>
      received.push(...entries.map(({ data }) => data)),
    );
    await backend.log.append(channel, [anEvent({ data: '7' })], KEEP);
    await waitFor(() => received.length > 0);
    expect(received).toEqual(['7']);
    expect(await dataOf(backend.log, channel)).toEqual([7]);
    unfollow();
    const db = 'options' in options ? (options.options?.db ?? 0) : 0;
    return (await redisCommand(redis.port, ['KEYS', `*{${channel}}*`], { db })) as string[];
  }

  it('are two, have names, and are closed when the backend has stopped', async () => {
    const backend = redisBackend({ url: redis.url });
    await backend.start();
    await backend.log.append('named', [anEvent()], KEEP);
    expect(await clientNames(redis.port)).toEqual(['nestwire:commands', 'nestwire:subscriber']);
    await backend.stop();
    expect(await clientNames(redis.port)).toEqual([]);
  });

  it("are made beside the application's own client, which stays open", async () => {
    const client = new Redis(redis.url, { connectionName: 'own' });
    clients.push(client);
    const backend = redisBackend({ client });
    await backend.start();
    expect(await clientNames(redis.port)).toEqual(['nestwire:commands', 'nestwire:subscriber', 'own']);
    await backend.stop();
    expect(await client.ping()).toBe('PONG');
    expect(await clientNames(redis.port)).toEqual(['own']);
  });

  it('take no notice of how the application has set its client to read, retry and reconnect', async () => {
    const client = new Redis(redis.url, {
      lazyConnect: true,
      enableAutoPipelining: true,
      stringNumbers: true,
      retryStrategy: () => null,
      replyMapping: 'resp3',
    });
    clients.push(client);
    expect(await use({ client }, 'odd')).toHaveLength(2);
    await using backend = await started(redisBackend({ client }));
    await redisCommand(redis.port, ['CLIENT', 'KILL', 'TYPE', 'normal']);
    expect(await backend.sessions.find('nobody')).toBeUndefined();
  });

  it.each<[string, () => RedisBackendOptions, string]>([
    ['options', () => ({ options: { host: '127.0.0.1', port: redis.port } }), 'nestwire:'],
    ['another prefix', () => ({ url: redis.url, keyPrefix: 'app:' }), 'app:'],
    ["ioredis's prefix", () => ({ url: redis.url, options: { keyPrefix: 'io:' } }), 'io:nestwire:'],
    ['a prefix in the URL', () => ({ url: `${redis.url}?keyPrefix=url:` }), 'url:nestwire:'],
    ["a given client's prefix", () => ({ client: givenClient({ keyPrefix: 'own:' }) }), 'own:nestwire:'],
    ['a database', () => ({ url: redis.url, options: { db: 3 } }), 'nestwire:'],
  ])('reach what they are told: %s', async (name, options, prefix) => {
    const channel = name.replaceAll(/\W/g, '-');
    const keys = await use(options(), channel);
    expect(keys.sort()).toEqual([`${prefix}{${channel}}:entries`, `${prefix}{${channel}}:log`]);
  });

  function givenClient(options: { keyPrefix: string }): Redis {
    const client = new Redis(redis.url, { lazyConnect: true, ...options });
    clients.push(client);
    return client;
  }

  it('keep databases apart, although messages are heard in all of them', async () => {
    await using one = await started(redisBackend({ url: `${redis.url}/1` }));
    await using two = await started(redisBackend({ url: `${redis.url}/2` }));
    const received: string[] = [];
    await one.log.follow('same', (entries) => received.push(...entries.map(({ data }) => data)));
    await two.log.append('same', [anEvent({ data: '2' })], KEEP);
    await one.log.append('same', [anEvent({ data: '1' })], KEEP);
    await waitFor(() => received.includes('1'));
    expect(received).toEqual(['1']);
  });

  it('need no more rights than the guide gives to their user', async () => {
    const guide = await readFile(new URL('../../../docs/production/scaling-out.md', import.meta.url), 'utf8');
    const [command, ...rights] = /^ACL SETUSER nestwire .*$/m.exec(guide)![0].split(' ');
    await redisCommand(redis.port, [command!, ...rights]);
    const options = { username: 'nestwire', password: 'password' };
    expect(await use({ url: redis.url, options }, 'rights')).toHaveLength(2);
    await expect(redisCommand(redis.port, ['GET', 'other'], options)).rejects.toThrow(/NOPERM/);
    // Those of Socket.IO's adapter.
    for (const namespace of ['/', '/realtime'])
      await redisCommand(redis.port, ['PSUBSCRIBE', `nestwire:socket.io#${namespace}#*`], options);

    await using backend = await started(redisBackend({ url: redis.url, options, waitReplicas: 0 }));
    const set = new Map([['qty', '1']]);
    await backend.documents.commit('rights', { set, del: [], operationId: 'o' }, KEEP);
    expect(await backend.documents.read('rights')).toBeDefined();
    expect(await backend.sessions.find('nobody')).toBeUndefined();
  });

  it('are refused at the start where their user may not run scripts', async () => {
    await redisCommand(redis.port, [
      'ACL',
      'SETUSER',
      'reader',
      'on',
      '>password',
      '~*',
      '&*',
      '+@all',
      '-eval',
    ]);
    const options = { username: 'reader', password: 'password' };
    const backend = redisBackend({ url: redis.url, options });
    await expect(backend.start()).rejects.toThrow(/this user may not run scripts in Redis: NOPERM/);
  });

  it('are refused without a password, and let in with it', async () => {
    await using locked = await startRedis({ args: ['--requirepass', 'secret'] });
    const { port } = locked;
    const wrong = redisBackend({ url: `redis://:wrong@127.0.0.1:${port}`, timeoutMs: 300 });
    await expect(wrong.start()).rejects.toThrow(/WRONGPASS/);
    await using backend = await started(redisBackend({ url: `redis://:secret@127.0.0.1:${port}` }));
    await backend.log.append('locked', [anEvent({ data: '1' })], KEEP);
    expect(await dataOf(backend.log, 'locked')).toEqual([1]);
  });
});
