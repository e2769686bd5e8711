import { waitFor } from '@nestwire/harness';
import { createRealtimeClient } from '../src/index.js';
import { World } from './support/world.js';

function jwt(name: string, expiresInMs: number): string {
  const payload = Buffer.from(JSON.stringify({ exp: (Date.now() + expiresInMs) / 1_000 })).toString(
    'base64url',
  );
  return `${name}.${payload}.x`;
}

describe.each(['websocket', 'sse'] as const)('a connection over %s', (transport) => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });

  afterEach(() => world.closeClients());

  afterAll(() => world[Symbol.asyncDispose]());

  const connected = (options: Parameters<World['client']>[0] = {}) =>
    world.following({ transport, ...options });

  it('begins with the first use', async () => {
    const client = world.client({ transport });
    expect(client.connection.value).toMatchObject({ status: 'disconnected', reason: 'idle' });
    client.channel('open:any').on('said', () => undefined);
    expect(client.connection.value).toMatchObject({ status: 'connecting', reason: 'requested' });
    await waitFor(() => client.connection.value.status === 'connected');
    expect(client.connection.value).toMatchObject({ transport, reason: 'opened', attempt: 0 });
  });

  it('ends with disconnect(), and begins again with connect() alone', async () => {
    const client = await connected();
    client.disconnect();
    expect(client.connection.value).toMatchObject({ status: 'disconnected', reason: 'disconnected' });
    client.channel('open:other').on('said', () => undefined);
    expect(client.connection.value.status).toBe('disconnected');
    client.connect();
    await waitFor(() => client.channel('open:other').state.value.status === 'subscribed');
    expect(client.connection.value.reason).toBe('resumed');
  });

  it('tries again, later each time, while nobody answers', async () => {
    const client = await connected();
    await world.proxy.refuse();
    world.proxy.cut();
    await waitFor(() => client.connection.value.attempt >= 3);
    expect(client.connection.value).toMatchObject({ status: 'connecting', reason: 'transport_lost' });
    expect(client.quality.value).toBe('offline');
    await world.proxy.accept();
    await waitFor(() => client.connection.value.status === 'connected');
    expect(client.connection.value.attempt).toBe(0);
  });

  it('notices that nothing comes any more though the connection looks open', async () => {
    const client = await connected({ heartbeatMs: 50, heartbeatTimeoutMs: 100, connectTimeoutMs: 300 });
    const reasons: string[] = [];
    client.connection.subscribe(({ reason }) => reasons.push(reason));
    world.proxy.hold();
    await waitFor(() => reasons.includes('heartbeat_missed'));
    world.proxy.strand();
    world.proxy.release();
    await waitFor(() => client.connection.value.status === 'connected');
    expect(client.quality.value).toBe('poor');
  });

  it('stays away when it is told to, and says why', async () => {
    const client = await connected({ token: 'eve' });
    await world.sessions.revokeAll('eve');
    await waitFor(() => client.connection.value.status === 'disconnected');
    expect(client.connection.value.reason).toBe('session_revoked');
  });

  it('stays away when its token is refused', async () => {
    const client = world.client({ transport, token: 'bad' });
    client.connect();
    await waitFor(() => client.connection.value.status === 'disconnected');
    expect(client.connection.value).toMatchObject({
      reason: 'unauthenticated',
      error: { code: 'unauthenticated' },
    });
  });

  it('tries a fresh token once where the first is refused', async () => {
    const tokens = ['bad', 'ann'];
    const client = await connected({ token: () => tokens.shift() });
    expect(client.connection.value.status).toBe('connected');
    expect(tokens).toEqual([]);
  });

  it('hands a fresh token in before the first runs out, and the connection goes on', async () => {
    const lifetimesMs = [2_000, 600_000];
    const client = await connected({ token: () => jwt('ann', lifetimesMs.shift()!) });
    const states: string[] = [];
    client.connection.subscribe(({ status }) => states.push(status));
    await waitFor(() => client.debug.entries().some(({ message }) => message === 'handed a fresh token in'));
    expect(lifetimesMs).toEqual([]);
    expect(states).toEqual([]);
  });

  it('hands a fresh token in when the server says that the first runs out, though it does not say so itself', async () => {
    const lifetimesMs = [30_000, 600_000];
    const client = await connected({ token: () => `ann@${Date.now() + lifetimesMs.shift()!}` });
    await waitFor(() => client.debug.entries().some(({ message }) => message === 'handed a fresh token in'));
    expect(lifetimesMs).toEqual([]);
    expect(client.connection.value.status).toBe('connected');
  });

  it('comes back when the server says when it drains', async () => {
    await using draining = await World.start();
    const client = await draining.following({ transport });
    const reasons: string[] = [];
    client.connection.subscribe(({ reason }) => reasons.push(reason));
    await draining.nest.close();
    await waitFor(() => reasons.length > 0);
    expect(reasons[0]).toBe('draining');
    expect(client.connection.value.status).toBe('connecting');
  });

  it('grades the connection once it has been measured', async () => {
    const client = await connected();
    await waitFor(() => client.quality.value === 'excellent');
    expect(client.debug.entries().map(({ message }) => message)).toContain('excellent');
  });
});

it('a token that does not come is what is wrong, and not the transport', async () => {
  const options = { connectTimeoutMs: 10, retryBaseMs: 1, retryMaxMs: 1 };
  const never = (): Promise<string> => new Promise(() => undefined);
  await using client = createRealtimeClient({ url: 'http://127.0.0.1:9', token: never, ...options });
  client.connect();
  await waitFor(() => client.connection.value.attempt >= 2);
  expect(client.connection.value).toMatchObject({ reason: 'unavailable', error: { temporary: true } });
  expect(client.debug.entries().map(({ message }) => message)).not.toContain('opening sse');
});
