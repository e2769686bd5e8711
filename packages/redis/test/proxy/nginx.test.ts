import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Nginx, type RedisServer, startNginx, startRedis, waitFor } from '@nestwire/harness';
import { heardUpTo, type Listener, openEventSource, openPage, openSocketIo } from './listeners.js';
import { Node, publish } from './nodes.js';

const PAGE = new URL('../../../../docs/production/nginx.md', import.meta.url);

/** The configuration that the documentation gives, with these addresses in the place of its own. */
async function documented(nodes: readonly Node[]): Promise<(listen: string) => string> {
  const [, code = ''] = /```nginx\n([^]*?)```/.exec(await readFile(PAGE, 'utf8')) ?? [];
  return (listen) =>
    nodes.reduce(
      (site, { port }, index) => replaced(site, `10.0.0.1${index + 1}:3000`, `127.0.0.1:${port}`),
      replaced(code, 'listen 80;', `listen ${listen};`),
    );
}

function replaced(text: string, what: string, by: string): string {
  expect(text.split(what)).toHaveLength(2);
  return text.replace(what, by);
}

describe('behind nginx, as the documentation configures it', () => {
  let redis: RedisServer;
  let nodes: Node[];
  let nginx: Nginx;
  let listeners: Listener[];
  let published = 0;

  beforeAll(async () => {
    redis = await startRedis();
    nodes = await Promise.all([1, 2, 3].map(() => Node.on(redis.url)));
    nginx = await startNginx(await documented(nodes));
    listeners = [
      ...[1, 2, 3, 4].map((n) => openEventSource(nginx.url, `eventsource ${n}`)),
      ...[1, 2, 3, 4].map((n) => openSocketIo(nginx.url, `socket.io ${n}`)),
      await openPage(nginx.url, 'Chromium'),
    ];
    await waitFor(async () => (await openedAll()).every((opened) => opened === 1), {
      what: 'all to be let in',
    });
  }, 120_000);

  afterAll(async () => {
    for (const listener of listeners) await listener.close();
    await nginx[Symbol.asyncDispose]();
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  const openedAll = (): Promise<number[]> => Promise.all(listeners.map((listener) => listener.opened()));

  async function publishSome(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      published = await publish(nginx.url, `news ${published + 1}`);
      await sleep(10);
    }
  }

  /** Everything was heard by all, once and in order, and nobody has given up. */
  async function assertAllHeard(): Promise<void> {
    await heardUpTo(listeners, published);
    const all = Array.from({ length: published }, (_, index) => index + 1);
    for (const listener of listeners) {
      expect([listener.name, await listener.offsets()]).toEqual([listener.name, all]);
      expect([listener.name, await listener.hasGivenUp()]).toEqual([listener.name, false]);
    }
  }

  it('events reach everybody, at once', async () => {
    await publishSome(20);
    await assertAllHeard();
    const counts = await Promise.all(nodes.map((node) => node.connections()));
    expect(counts).toEqual([3, 3, 3]);
  });

  it('clients that poll keep their sessions, with ip_hash in the place of least_conn', async () => {
    const site = await documented(nodes);
    await using sticky = await startNginx((listen) => replaced(site(listen), 'least_conn;', 'ip_hash;'));
    const poller = openSocketIo(sticky.url, 'socket.io by polling', ['polling']);
    await waitFor(async () => (await poller.opened()) === 1, { what: 'the poller to be let in' });
    const from = published;
    await publishSome(10);
    await heardUpTo([poller], published);
    await poller.close();
    expect(await poller.offsets()).toEqual(Array.from({ length: 10 }, (_, index) => from + index + 1));
    expect(await poller.opened()).toBe(1);
  });

  it('clients of a node that is killed come back to the others, and miss nothing', async () => {
    const [first, ...others] = nodes;
    const publishing = publishSome(60);
    await first!.kill();
    await publishing;
    const isBack = async (): Promise<boolean> => {
      const counts = await Promise.all(others.map((node) => node.connections()));
      return counts.reduce((sum, count) => sum + count, 0) === listeners.length;
    };
    await waitFor(isBack, { what: 'all to be back', timeoutMs: 20_000 });
    await publishSome(5);

    await assertAllHeard();
    expect((await openedAll()).filter((opened) => opened === 2)).toHaveLength(3);
  }, 60_000);

  it('an EventSource outlives it when all nodes are away', async () => {
    for (const node of nodes.slice(1)) await node.kill();
    const answer = await fetch(`${nginx.url}/realtime/sse?channels=news`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(await answer.text()).toMatch(/^retry: [1-4]000\n\n$/);
    expect((await fetch(`${nginx.url}/page`)).status).toBe(502);
    // Without that answer it does not.
    const site = await documented(nodes);
    await using other = await startNginx((listen) => site(listen).replace(/error_page .*;/, ''));
    const lost = openEventSource(other.url, 'lost');
    await waitFor(() => lost.hasGivenUp(), { what: 'an EventSource to give up' });

    const before = await openedAll();
    const sources = listeners.filter(({ name }) => !name.startsWith('socket.io'));
    await waitFor(
      async () => {
        const opened = await Promise.all(sources.map((source) => source.opened()));
        return opened.every((count, index) => count > before[listeners.indexOf(sources[index]!)]!);
      },
      { what: 'every EventSource to be told to come back', timeoutMs: 10_000 },
    );

    await nodes[1]!.start();
    await publishSome(5);

    await assertAllHeard();
  }, 90_000);
});
