import { type RedisServer, startRedis, type Transport, waitFor, WireClient } from '@nestwire/harness';
import { SequenceChecker } from '@nestwire/testing';
import type { ManagerOptions } from 'socket.io-client';
import { ask, isAlive, post, type PreforkedApp, startPreforked } from './support/app.js';
import { Publisher } from './support/publisher.js';
import { sharedConnections, type Subscriber, subscribe } from './support/sockets.js';

const WORKERS = 3;
const POLLERS = 6;
const EVENTS = 20;

describe('an application that is preforked', () => {
  let redis: RedisServer;
  let app: PreforkedApp;
  const cleanUps: (() => unknown)[] = [];
  /** Clients whose connection has ended, and not by their own doing. */
  const ended: WireClient[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    app = await startPreforked({ WORKERS: String(WORKERS), REDIS_URL: redis.url });
  }, 90_000);

  afterEach(() => {
    for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
    ended.length = 0;
  });

  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  /** Clients on both transports, some on each worker, which come back whenever their connection ends. */
  async function connect(count: number, channel: string, checker: SequenceChecker): Promise<WireClient[]> {
    const clients = Array.from({ length: count }, (_, index) => {
      const transport: Transport = index % 2 === 0 ? 'sse' : 'socket.io';
      const client = new WireClient({
        name: `${transport} ${index}`,
        channels: [channel],
        witness: checker,
        // Longer than a worker takes to start on a busy machine: nothing is said to it meanwhile.
        silenceMs: 30_000,
      });
      client.onEnd = () => {
        ended.push(client);
        void waitFor(() => client.come(app.url, transport).then(() => true), { timeoutMs: 10_000 });
      };
      cleanUps.push(() => {
        client.onEnd = () => undefined;
        client.cut();
      });
      return [client, client.come(app.url, transport)] as const;
    });
    await Promise.all(clients.map(([, come]) => come));
    return clients.map(([client]) => client);
  }

  function reach(clients: readonly WireClient[], channel: string, offset: number): Promise<unknown> {
    const isThere = (client: WireClient): boolean => client.positionIn(channel)?.offset === offset;
    return waitFor(() => clients.every(isThere), {
      what: `all clients to be at ${offset}`,
      timeoutMs: 15_000,
    });
  }

  /** Clients that each receive everything, over many requests, without losing their session once. */
  async function assertAllReceive(channel: string, options: Partial<ManagerOptions>): Promise<Subscriber[]> {
    const subscribers = await Promise.all(
      Array.from({ length: POLLERS }, () => subscribe(app.url, channel, options)),
    );
    cleanUps.push(...subscribers.map((subscriber) => () => subscriber[Symbol.dispose]()));
    const name = channel.slice('news:'.length);
    for (let n = 0; n < EVENTS; n += 1) await post(`${app.url}/news/${name}`, {});
    await waitFor(() => subscribers.every(({ offsets }) => offsets.length === EVENTS), {
      what: 'all events',
      timeoutMs: 10_000,
    });
    const all = Array.from({ length: EVENTS }, (_, index) => index + 1);
    for (const { offsets } of subscribers) expect(offsets).toEqual(all);
    expect(subscribers.flatMap(({ troubles }) => troubles)).toEqual([]);
    return subscribers;
  }

  it('brings what any worker publishes to the clients of all', async () => {
    const checker = new SequenceChecker();
    const clients = await connect(9, 'news:all', checker);
    const pids = new Set<number>();
    for (let n = 1; n <= 30; n += 1) {
      const { offset, pid } = await post(`${app.url}/news/all`, { id: `n${n}` });
      checker.published('news:all', offset, `n${n}`);
      pids.add(pid);
    }
    await reach(clients, 'news:all', 30);

    checker.assertOk();
    expect(checker.verdict()).toMatchObject({ published: 30, received: 9 * 30 });
    expect(pids.size).toBe(WORKERS);
    const subscriptions = await app.metric('nestwire_subscriptions');
    expect([...subscriptions.values()].filter((count) => count > 0)).toHaveLength(WORKERS);
  });

  it('loses nothing for the clients of a worker that is killed, and replaces it', async () => {
    const checker = new SequenceChecker();
    const clients = await connect(9, 'news:killed', checker);
    await using publisher = await Publisher.start(redis.url, 'news:killed', checker);
    const [victim = 0] = await app.workerPids(WORKERS);

    const last = await publisher.during(async () => {
      process.kill(victim, 'SIGKILL');
      await waitFor(() => ended.length > 0, { what: 'clients to be cut', timeoutMs: 15_000 });
      await waitFor(() => ended.every(({ told }) => told.get('recovered') === 1), {
        what: 'them to be back',
        timeoutMs: 15_000,
      });
    });
    await reach(clients, 'news:killed', last);

    checker.assertOk();
    expect(clients.flatMap(({ complaints }) => complaints)).toEqual([]);
    expect(ended.length).toBeLessThan(clients.length);
    expect(new Set(ended).size).toBe(ended.length);
    const names = async (): Promise<string[]> =>
      [...(await app.metric('nestwire_subscriptions')).keys()].sort();
    await waitFor(async () => (await names()).join() === '1,2,3', {
      what: 'another worker',
      timeoutMs: 15_000,
    });
    expect(isAlive(victim)).toBe(false);
  });

  describe('lets Socket.IO clients poll', () => {
    it('each request on a connection of its own', async () => {
      const subscribers = await assertAllReceive('news:polling', { transports: ['polling'] });
      for (const { transport } of subscribers) expect(transport).toBe('polling');
    });

    it('on connections that several of them share', async () => {
      // One more than there are polls that wait for something to come.
      const agent = sharedConnections(POLLERS + 1);
      cleanUps.push(() => agent.destroy());
      await assertAllReceive('news:shared', { transports: ['polling'], agent: agent as never });
    });

    it('and go over to WebSocket, whichever worker that arrives at', async () => {
      const subscribers = await assertAllReceive('news:upgraded', { transports: ['polling', 'websocket'] });
      await waitFor(() => subscribers.every(({ transport }) => transport === 'websocket'), {
        what: 'all to be upgraded',
      });
      expect(subscribers.flatMap(({ troubles }) => troubles)).toEqual([]);
    });
  });

  it('does not leave the client waiting whose connection was on its way to a worker that has died', async () => {
    const [stopped = 0] = await app.workerPids(WORKERS);
    process.kill(stopped, 'SIGSTOP');
    const answers: string[] = [];
    const asked = Array.from({ length: 2 * WORKERS }, () =>
      ask(app.url).then((answer) => answers.push(answer)),
    );
    await waitFor(() => answers.length === asked.length - 1, { what: 'the other workers to answer' });

    process.kill(stopped, 'SIGKILL');

    await Promise.all(asked);
    expect(answers.pop()).toBe('ECONNRESET');
    expect(new Set(answers)).toEqual(new Set(['status 200']));
  });

  it('ends all its processes at SIGTERM, and sends its clients away in good order', async () => {
    const [client] = await connect(1, 'news:end', new SequenceChecker());
    client!.onEnd = () => undefined;
    const pids = await app.workerPids(WORKERS);

    await app.primary.kill('SIGTERM');

    expect(app.primary.end).toBe(0);
    expect([...pids].filter(isAlive)).toEqual([]);
    await waitFor(() => client!.told.get('close:draining'), { what: 'the last word' });
  });
});
