import { waitFor } from '@nestwire/harness';
import type { RealtimeClient } from '../src/index.js';
import { World } from './support/world.js';

describe.each(['websocket', 'sse'] as const)('a listener, over %s,', (transport) => {
  const options = { transport, token: 'ann', retryBaseMs: 1, retryMaxMs: 1 };
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });

  afterEach(() => world.closeClients());

  afterAll(() => world[Symbol.asyncDispose]());

  const leaveAt = (client: RealtimeClient, left: string): string[] => {
    const heard: string[] = [];
    client.connection.subscribe(({ status }) => status === left && client.disconnect());
    client.connection.subscribe(({ status }) => heard.push(status));
    return heard;
  };
  const later = async (client: RealtimeClient): Promise<unknown> => {
    await waitFor(() => client.connection.value.reason === 'disconnected');
    // Meanwhile it would have come back.
    await world.following(options);
    client.command('note', 'later').catch(() => undefined);
    const { connection, queued, quality } = client;
    return [connection.value.reason, queued.value, quality.value];
  };
  const AWAY = ['disconnected', 1, 'offline'];

  it('may disconnect when the client connects', async () => {
    const client = world.client(options);
    leaveAt(client, 'connecting');
    client.connect();
    expect(await later(client)).toEqual(AWAY);
  });

  it('may disconnect when the client is connected, and others hear of that last', async () => {
    const client = world.client(options);
    const heard = leaveAt(client, 'connected');
    client.connect();
    expect(await later(client)).toEqual(AWAY);
    expect(heard.at(-1)).toBe('disconnected');
  });

  it('may disconnect when a channel is lost', async () => {
    const client = await world.following(options);
    client.channel('open:any').state.subscribe(({ status }) => {
      if (status === 'subscribing') client.disconnect();
    });
    world.proxy.cut();
    expect(await later(client)).toEqual(AWAY);
  });

  it('may disconnect when the client is to come back', async () => {
    const client = await world.following(options);
    leaveAt(client, 'connecting');
    world.proxy.cut();
    expect(await later(client)).toEqual(AWAY);
  });

  it('may send when the client is connected, though nothing is kept', async () => {
    const client = world.client({ ...options, queue: { limit: 0 } });
    const answer = new Promise((resolve) => {
      client.connection.subscribe(({ status }) => {
        if (status === 'connected') resolve(client.command('who', undefined, { offline: 'fail' }));
      });
    });
    client.connect();
    expect(await answer).toBe('ann');
  });

  it('that another takes away hears nothing more', async () => {
    const channel = (await world.following(options)).channel('open:any');
    const heard: string[] = [];
    channel.on('said', () => stop());
    const stop = channel.on('said', () => heard.push('second'));
    channel.on('said', () => heard.push('third'));
    await world.realtime.publish('open:any', 'said', 1);
    await waitFor(() => heard.includes('third'));
    expect(heard).toEqual(['third']);
  });
});
