import { waitFor } from '@nestwire/harness';
import { type Backend, memoryBackend } from '../../src/index.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const auth = (token: string) => ({ auth: { token } });
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('open connections', () => {
  let backend: Backend;
  let left: RunningApp;
  let right: RunningApp;

  const start = (limits: object): Promise<RunningApp> => {
    const users = { ann: { userId: 'ann' }, bob: { userId: 'bob' } };
    return startApp({ options: { backend, limits, authenticate: knownTokens(users) } });
  };

  /** Socket.IO cuts who may come back later; it is not let in however often it tries. */
  const isCut = async (url: string, token: string): Promise<boolean> => {
    using client = new SocketClient(url, auth(token));
    let tries = 0;
    client.io.io.on('close', () => (tries += 1));
    await waitFor(() => tries > 1 || client.ready, { what: 'a verdict' });
    return client.ready === undefined;
  };

  const streamOf = async (url: string, token: string): Promise<string> => {
    using stream = await SseClient.open(url, 'open:a', bearer(token));
    await stream.until(() => stream.ended || stream.cursor !== undefined, 'an answer');
    return stream.ready === undefined ? stream.text : 'ready';
  };

  describe.each(['session', 'user'])('of one %s', (of) => {
    const limit = of === 'session' ? 'maxConnectionsPerSession' : 'maxConnectionsPerUser';

    beforeAll(async () => {
      backend = memoryBackend();
      [left, right] = [await start({ [limit]: 2 }), await start({ [limit]: 2 })];
    });

    afterAll(() => Promise.all([left.close(), right.close()]));

    it('are counted over both transports and all nodes, and others have their own', async () => {
      using _one = await SocketClient.connect(left.url, auth('ann'));
      using two = await SseClient.connect(right.url, 'open:a', bearer('ann'));

      expect(await isCut(right.url, 'ann')).toBe(true);
      expect(await streamOf(left.url, 'ann')).toBe('retry: 10000\n\n');
      using _other = await SocketClient.connect(left.url, auth('bob'));
      two.destroy();
      await waitFor(async () => (await streamOf(left.url, 'ann')) === 'ready', {
        what: 'a place that is free again',
      });
    });

    it('are all given back when they end', async () => {
      await Promise.all([left.idle(), right.idle()]);
      using one = await SocketClient.connect(left.url, auth('ann'));
      using two = await SocketClient.connect(right.url, auth('ann'));
      expect([one, two].map(({ io }) => io.connected)).toEqual([true, true]);
    });
  });

  describe('from one address', () => {
    beforeAll(async () => {
      backend = memoryBackend();
      const limits = { maxConnectionsPerIp: 2, trustProxy: 'loopback' };
      [left, right] = [await start(limits), await start(limits)];
    });

    afterAll(() => Promise.all([left.close(), right.close()]));

    it('are counted over both transports and all nodes, and other addresses have their own', async () => {
      const from = (address: string) => ({ 'x-forwarded-for': address });
      using _one = await SocketClient.connect(left.url, { extraHeaders: from('192.0.2.1') });
      using _two = await SseClient.connect(right.url, 'open:a', { headers: from('192.0.2.1') });
      using over = await SseClient.open(left.url, 'open:a', { headers: from('192.0.2.1') });
      await over.end();

      expect(over.text).toBe('retry: 10000\n\n');
      const handshake = await fetch(`${right.url}/socket.io/?EIO=4&transport=polling`, {
        headers: from('192.0.2.1'),
      });
      expect([handshake.status, handshake.headers.get('retry-after')]).toEqual([429, '10']);
      expect(await handshake.json()).toMatchObject({ error: { code: 'rate_limited', temporary: true } });
      using _other = await SocketClient.connect(right.url, { extraHeaders: from('192.0.2.2') });
    });
  });

  it('of a node that has died are free again, as soon as that is known', async () => {
    backend = memoryBackend();
    const shared = { ...backend, nodes: { id: 'alive', isAlive: async (node: string) => node !== 'dead' } };
    await backend.limits.hold('connections:user:ann', 'dead', 5);
    await using app = await startApp({
      options: {
        backend: shared,
        limits: { maxConnectionsPerUser: 1 },
        authenticate: knownTokens({ ann: { userId: 'ann' } }),
      },
    });
    using _client = await SocketClient.connect(app.url, auth('ann'));

    expect([...(await backend.limits.hold('connections:user:ann', 'dead', 0)).keys()]).toEqual(['alive']);
  });

  it('are let in by this node’s own numbers where the backend does not answer', async () => {
    backend = memoryBackend();
    const never = new Promise<never>(() => undefined);
    const limits = { count: () => never, counted: () => never, hold: () => never };
    await using app = await startApp({
      options: {
        backend: { ...backend, limits },
        limits: { maxConnectionsPerUser: 1 },
        authenticate: knownTokens({ ann: { userId: 'ann' } }),
      },
    });
    using _client = await SocketClient.connect(app.url, auth('ann'));

    expect(await isCut(app.url, 'ann')).toBe(true);
  });
});
