import { describe, expect, it } from '@jest/globals';
import { freePort, startRedis } from '@nestwire/harness';
import { redisBackend, type RedisBackendOptions } from '@nestwire/redis';
import { Redis } from 'ioredis';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { anEvent, dataOf, KEEP, silence, started } from './support/log.js';
import { startOldServer } from './support/old-server.js';

const run = promisify(execFile);

describe('at start-up', () => {
  silence();

  const given = () => new Redis({ lazyConnect: true });

  it.each<[string, object, string]>([
    ['nothing', {}, 'exactly one of "url", "options", "cluster" and "client"; there is none'],
    ['a URL that is undefined', { url: undefined }, '"url" of redisBackend() is undefined'],
    ['a URL of something else', { url: 'http://localhost' }, 'begins with redis:// or rediss://'],
    ['a URL whose password is not told', { url: 'mysql://root:secret@db' }, '"mysql://***@db"'],
    ['two servers', { url: 'redis://localhost', cluster: [] }, 'there is url, cluster'],
    [
      'a client and options',
      { client: given(), options: {} },
      '"options" of redisBackend() does not go with "client"',
    ],
    ['a prefix with braces', { url: 'redis://localhost', keyPrefix: '{a}' }, '"keyPrefix"'],
    ['no time', { url: 'redis://localhost', timeoutMs: 0 }, '"timeoutMs" of redisBackend() is 0'],
    [
      'sharded without a cluster',
      { url: 'redis://localhost', sharded: true },
      '"sharded" of redisBackend() is true',
    ],
  ])('%s is refused at once', (_, options, message) => {
    expect(() => redisBackend(options as RedisBackendOptions)).toThrow(message);
  });

  it('a server that cannot be reached is told within the time-out, with the reason', async () => {
    const port = await freePort();
    const backend = redisBackend({ url: `redis://127.0.0.1:${port}`, timeoutMs: 1_000 });
    const before = performance.now();
    await expect(backend.start()).rejects.toThrow(
      `Redis cannot be reached within 1000 ms: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
    expect(performance.now() - before).toBeLessThan(3_000);
  });

  it('so is a cluster', async () => {
    const cluster = [{ host: '127.0.0.1', port: await freePort() }];
    await expect(redisBackend({ cluster, timeoutMs: 1_000 }).start()).rejects.toThrow(
      /cannot be reached within 1000 ms: /,
    );
  });

  it('a server that is too old is refused, and told by its version', async () => {
    await using old = await startOldServer('6.0.16');
    await expect(redisBackend({ url: `redis://127.0.0.1:${old.port}` }).start()).rejects.toThrow(
      'the server is Redis 6.0; needed is Redis 6.2 or newer, or Valkey',
    );
  });

  it('TLS is spoken where it is asked for', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nestwire-tls-'));
    try {
      const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
      await run('openssl', [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        ...subject,
      ]);
      const tlsPort = await freePort();
      const tls = [
        '--tls-port',
        `${tlsPort}`,
        '--tls-cert-file',
        cert,
        '--tls-key-file',
        key,
        '--tls-auth-clients',
        'no',
      ];
      await using redis = await startRedis({ args: [...tls, '--tls-ca-cert-file', cert] });
      expect(redis.pid).toBeGreaterThan(0);

      const url = `rediss://localhost:${tlsPort}`;
      await expect(redisBackend({ url, timeoutMs: 1_000 }).start()).rejects.toThrow(
        /self-signed certificate/,
      );
      const trusted = { tls: { ca: await readFile(cert) } };
      await using backend = await started(redisBackend({ url, options: trusted }));
      await backend.log.append('safe', [anEvent({ data: '1' })], KEEP);
      expect(await dataOf(backend.log, 'safe')).toEqual([1]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
