import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import type { Backend, StoredSession } from '@nestwire/realtime';
import { Redis } from 'ioredis';
import { Keys } from '../src/keys.js';
import { anEvent, KEEP, numbers } from './support/log.js';

const TINY = { size: 3, ttlMs: 1 };

/** A channel's keys carry its name in braces, and nothing else does. */
const KINDS: Record<string, { pattern: RegExp; type: string }> = {
  log: { pattern: /^nestwire:\{[^{}]+\}:log$/, type: 'hash' },
  entries: { pattern: /^nestwire:\{[^{}]+\}:entries$/, type: 'stream' },
  tombstones: { pattern: /^nestwire:\{[^{}]+\}:tombstones$/, type: 'zset' },
  removed: { pattern: /^nestwire:\{[^{}]+\}:removed$/, type: 'hash' },
  schedule: { pattern: /^nestwire:schedule:(unsaved|expiring)$/, type: 'zset' },
  idempotency: { pattern: /^nestwire:\{[^{}]+\}:idempotency:/, type: 'string' },
  command: { pattern: /^nestwire:command:\d+:/, type: 'string' },
  session: { pattern: /^nestwire:session:/, type: 'hash' },
  secret: { pattern: /^nestwire:secret:/, type: 'string' },
  userSessions: { pattern: /^nestwire:user-sessions:/, type: 'zset' },
  ticket: { pattern: /^nestwire:ticket:/, type: 'string' },
  resumption: { pattern: /^nestwire:resumption:/, type: 'hash' },
  count: { pattern: /^nestwire:count:/, type: 'string' },
  held: { pattern: /^nestwire:held:/, type: 'hash' },
  node: { pattern: /^nestwire:node:/, type: 'string' },
};

interface Left {
  key: string;
  kind: string | undefined;
  type: string;
  ttlMs: number;
}

describe('keys', () => {
  let redis: RedisServer;
  let client: Redis;
  let backend: Backend;

  beforeAll(async () => {
    redis = await startRedis();
    client = new Redis(redis.url);
    backend = redisBackend({ url: redis.url });
    await backend.start();
  });

  afterAll(async () => {
    await backend.stop();
    client.disconnect();
    await redis[Symbol.asyncDispose]();
  });

  const channel = async (n: number) => {
    await backend.log.append(`channel:${n}`, [anEvent(n % 2 ? { idempotencyKey: `k${n}` } : {})], TINY);
    if (n % 3 === 0)
      await backend.log.rotate(`channel:${n}`, (await backend.log.end(`channel:${n}`, TINY)).epoch, TINY);
  };

  const document = async (n: number) => {
    const commit = (set: Map<string, string>, del: string[]) =>
      backend.documents.commit(
        `document:${n}`,
        { set, del, operationId: `${n}-${set.size}`, keepRemoved: n % 8 === 2 },
        n % 8 === 2 ? KEEP : TINY,
      );
    if (n === 3) await backend.documents.expiring.set('document:3', 60_000);
    // Some are read only, some are refused, and of those that are made every second is removed again.
    if (n % 4 === 0) return backend.documents.read(`document:${n}`);
    if (n % 4 === 1) return commit(new Map(), ['nothing']);
    await commit(new Map([['a', '1']]), []);
    return n % 4 === 2 ? commit(new Map(), ['a']) : undefined;
  };

  const session = async (n: number) => {
    const soon = Date.now() + 60_000;
    const stored: StoredSession = {
      sid: `sid${n}`,
      secretHash: `hash${n}`,
      principal: { userId: `user${n % 100}`, roles: [], claims: {} },
      data: {},
      createdAt: 1,
      lastSeenAt: 1,
      expiresAt: soon,
      endsAt: soon + n,
    };
    await backend.sessions.create(stored);
    if (n % 2) await backend.sessions.update(stored.sid, stored.secretHash, { revokedAt: 2 });
    await backend.sessions.putTicket(`ticket${n}`, {
      principal: stored.principal,
      sid: null,
      channels: [],
      expiresAt: soon,
    });
    const { sid, secretHash } = stored;
    await backend.sessions.putResumption(`chain${n}`, { sid, secretHash, tokenHash: 'a', expiresAt: soon });
    if (n % 2) await backend.sessions.resume(`chain${n}`, 'a', 'b', soon);
    if (n % 3) await backend.sessions.moveResumption(`chain${n}`, 'a', soon + 1);
  };

  const command = async (n: number) => {
    await backend.commands.claim({ scope: `scope${n}`, id: 'id', digest: 'd', node: 'n' });
    if (n % 2) await backend.commands.settle(`scope${n}`, 'id', '{}');
  };

  const limit = async (n: number) => {
    await backend.limits.count(`limit${n}`, 1, 60_000);
    await backend.limits.hold(`limit${n}`, `node${n}`, n % 2);
  };

  async function left(): Promise<Left[]> {
    const keys: Left[] = [];
    for await (const names of client.scanStream({ count: 1_000 }) as AsyncIterable<string[]>) {
      const asked = names.flatMap((name) => [
        ['type', name],
        ['pttl', name],
      ]);
      const answers = (await client.pipeline(asked).exec())!.map(([, answer]) => answer);
      names.forEach((key, index) => {
        const kind = Object.keys(KINDS).find((each) => KINDS[each]!.pattern.test(key));
        keys.push({ key, kind, type: String(answers[2 * index]), ttlMs: Number(answers[2 * index + 1]) });
      });
    }
    return keys;
  }

  it('all end by themselves, but for documents that live and the list of those that expire, whatever 22,000 channels, documents, sessions, commands and limits have done', async () => {
    const churn = {
      channel: [channel, 8_000],
      document: [document, 4_000],
      session: [session, 4_000],
      command: [command, 4_000],
      limit: [limit, 2_000],
    } as const;
    for (const [work, many] of Object.values(churn)) {
      for (let from = 0; from < many; from += 500)
        await Promise.all(numbers(500).map((n) => (work as (n: number) => Promise<unknown>)(from + n)));
    }
    const keys = await left();
    expect(keys.filter(({ kind, type }) => kind === undefined || KINDS[kind]!.type !== type)).toEqual([]);
    expect(new Set(keys.map(({ kind }) => kind))).toEqual(new Set(Object.keys(KINDS)));

    const eternal = keys.filter(({ ttlMs }) => ttlMs === -1).map(({ key }) => key);
    const living = numbers(4_000).filter((n) => n % 4 === 3);
    const documents = living.map((n) => `nestwire:{$state:document:${n}}:log`);
    expect(eternal.sort()).toEqual([...documents, 'nestwire:schedule:expiring'].sort());
  }, 60_000);

  it('of a user live as long as the last of the sessions', async () => {
    for (const [sid, endsAt] of [
      ['long', Date.now() + 3_600_000] as const,
      ['short', Date.now() + 1_000] as const,
    ]) {
      const principal = { userId: 'one', roles: [], claims: {} };
      const times = { createdAt: 1, lastSeenAt: 1, expiresAt: endsAt, endsAt };
      await backend.sessions.create({ sid, secretHash: sid, principal, data: {}, ...times });
    }
    expect(await client.pttl('nestwire:user-sessions:one')).toBeGreaterThan(3_000_000);
  });

  it('of a stream that was evicted get a time to live again', async () => {
    await backend.log.append('evicted', [anEvent()], TINY);
    await client.del('nestwire:{evicted}:entries');
    await backend.log.append('evicted', [anEvent()], TINY);
    expect(await client.pttl('nestwire:{evicted}:entries')).toBeGreaterThan(0);
  });

  it('are those that have a line in the list', () => {
    const listed = Object.getOwnPropertyNames(Keys.prototype).filter((name) => name !== 'constructor');
    const published = ['live', 'socketIo'];
    expect(listed.sort()).toEqual([...Object.keys(KINDS), ...published].sort());
  });

  it('of one channel are in one slot', () => {
    const keys = new Keys('nestwire:', 2);
    const name = '$state:a/b@c';
    const own = [keys.log(name), keys.entries(name), keys.live(name), keys.removed(name)];
    own.push(keys.tombstones(name), keys.idempotency(name, 'x{y}'));
    for (const key of own) expect(/\{([^}]*)\}/.exec(key)![1]).toBe(name);
    expect(new Set(own).size).toBe(6);
  });
});
