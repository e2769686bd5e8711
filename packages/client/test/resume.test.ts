import { waitFor } from '@nestwire/harness';
import type { RealtimeClient } from '../src/index.js';
import { World } from './support/world.js';

describe.each(['websocket', 'sse'] as const)('a client without a cookie over %s', (transport) => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ sessions: { expiryNoticeMs: 60_000 } });
  });

  afterEach(() => world.closeClients());

  afterAll(() => world[Symbol.asyncDispose]());

  const connected = (options: Parameters<World['client']>[0] = {}) =>
    world.following({ transport, ...options });

  /** It may be back before anybody looks. */
  const cutOff = (client: RealtimeClient) =>
    new Promise<void>((resolve) => {
      const stop = client.connection.subscribe(({ status }) => {
        if (status === 'connected') return;
        stop();
        resolve();
      });
      world.proxy.cut();
    });

  it('keeps its session over reconnects once its token is no longer at hand', async () => {
    const tokens = ['ann'];
    const client = await connected({ token: () => tokens.shift() });
    const { sid } = client.connection.value;
    expect(sid).toEqual(expect.any(String));
    for (let i = 0; i < 3; i += 1) {
      let recovered = false;
      const stop = client.channel('open:any').on('recovered', () => (recovered = true));
      world.proxy.cut();
      await waitFor(() => recovered);
      stop();
      expect(client.connection.value).toMatchObject({ reason: 'resumed', sid });
      expect(await client.command('who')).toBe('ann');
    }
  });

  it('keeps its session when its stream is opened anew for other channels', async () => {
    const tokens = ['ann'];
    const client = await connected({ token: () => tokens.shift() });
    const { sid } = client.connection.value;
    client.channel('open:other').on('said', () => undefined);
    await waitFor(() => client.channel('open:other').state.value.status === 'subscribed');
    await cutOff(client);
    await waitFor(() => client.connection.value.status === 'connected');
    expect(client.connection.value.sid).toBe(sid);
  });

  it('goes on as somebody else where its next token is', async () => {
    const tokens = ['ann', 'bob', 'bob'];
    const client = await connected({ token: () => tokens.shift() });
    const { sid } = client.connection.value;
    await cutOff(client);
    await waitFor(() => client.connection.value.status === 'connected');
    expect(client.connection.value.sid).not.toBe(sid);
  });
});
