import { waitFor } from '@nestwire/harness';
import { World } from './support/world.js';

describe.each(['websocket', 'sse'] as const)('commands over %s', (transport) => {
  let world: World;

  beforeEach(async () => {
    world = await World.start();
  });

  afterEach(() => world[Symbol.asyncDispose]());

  const connected = async (options: Parameters<World['client']>[0] = {}) => {
    const client = world.client({ transport, token: 'ann', ...options });
    client.connect();
    await waitFor(() => client.connection.value.status === 'connected');
    return client;
  };

  it('are answered, and errors are typed', async () => {
    const client = await connected();
    expect(await client.command('note', { a: 1 })).toEqual({ ran: 1, data: { a: 1 } });
    await expect(client.command('refuse')).rejects.toMatchObject({
      name: 'RealtimeError',
      code: 'forbidden',
      temporary: false,
      details: { why: 'because' },
    });
    await expect(client.command('nothing')).rejects.toMatchObject({ code: 'not_found' });
    await expect(client.command('no command')).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('run once where the answer was lost', async () => {
    const client = await connected();
    world.proxy.hold('replies');
    const answer = client.command('note', 'once');
    await waitFor(() => world.ran.list.length === 1);
    world.proxy.cut();
    world.proxy.release();
    expect(await answer).toEqual({ ran: 1, data: 'once' });
    expect(world.ran.list).toEqual(['once']);
  });

  it('without a session fail with an unknown outcome rather than run twice', async () => {
    const client = await connected({ token: undefined });
    client.channel('open:any').on('said', () => undefined);
    await waitFor(() => client.channel('open:any').state.value.status === 'subscribed');
    world.proxy.hold('replies');
    const answer = client.command('note', 'once');
    answer.catch(() => undefined);
    await waitFor(() => world.ran.list.length === 1);
    world.proxy.cut();
    world.proxy.release();
    await expect(answer).rejects.toMatchObject({ code: 'unavailable', details: { outcome: 'unknown' } });
    await client.command('note', 'another');
    expect(world.ran.list).toEqual(['once', 'another']);
  });

  it('fail after their time-out, and the same id gets the first answer later', async () => {
    const client = await connected();
    let open: () => void = () => undefined;
    world.ran.gate = new Promise((resolve) => (open = resolve));
    await expect(client.command('note', 'slow', { id: 'mine', timeoutMs: 100 })).rejects.toMatchObject({
      code: 'unavailable',
      details: { outcome: 'unknown' },
    });
    open();
    expect(await client.command('note', 'slow', { id: 'mine' })).toEqual({ ran: 1, data: 'slow' });
    expect(world.ran.list).toEqual(['slow']);
  });

  it('made offline wait in order, and are sent when it is back', async () => {
    const client = await connected();
    client.disconnect();
    const answers = Array.from({ length: 20 }, (_, i) => client.command('note', i));
    const document = client.state<{ n: number }>('doc:queued').set({ n: 1 });
    const after = client.command('note', 'after');
    await waitFor(() => client.queued.value === 22);
    client.connect();
    expect(await Promise.all(answers)).toHaveLength(20);
    await document;
    await after;
    expect(world.ran.list).toEqual([...Array.from({ length: 20 }, (_, i) => i), 'after']);
    expect(client.queued.value).toBe(0);
  });

  it('beyond the queue are refused, the newest', async () => {
    const client = await connected({ queue: { limit: 2 } });
    client.disconnect();
    const kept = [client.command('note', 1), client.command('note', 2)];
    await expect(client.command('note', 3)).rejects.toMatchObject({ code: 'too_large' });
    await expect(client.state('doc:full').set({ a: 1 })).rejects.toMatchObject({ code: 'too_large' });
    expect(client.state('doc:full').value).toBeUndefined();
    client.connect();
    await Promise.all(kept);
    expect(world.ran.list).toEqual([1, 2]);
  });

  it('that cannot be sent are refused at once, and say why', async () => {
    const client = await connected();
    for (const data of [10n, () => 1]) {
      await expect(client.command('note', data)).rejects.toMatchObject({
        code: 'bad_request',
        message: 'the data is not JSON',
      });
    }
    for (const timeoutMs of [0, -1, NaN, Infinity]) {
      await expect(client.command('note', 1, { timeoutMs })).rejects.toMatchObject({
        code: 'bad_request',
        message: expect.stringContaining(`timeoutMs is ${timeoutMs}`),
      });
    }
    expect(world.ran.list).toEqual([]);
  });

  it('may say that they do not want to wait', async () => {
    const client = await connected();
    client.disconnect();
    await expect(client.command('note', 1, { offline: 'fail' })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('that are too large are refused, and others go on', async () => {
    const client = await connected();
    const tooLarge = { code: 'too_large', temporary: false };
    // As long as a frame may be: what stands around it is too much.
    for (const length of [1_000_000 - 1, 500_000])
      await expect(client.command('note', '\u20ac'.repeat(length))).rejects.toMatchObject(tooLarge);
    await expect(client.state('doc:large').set({ text: 'x'.repeat(1_000_000) })).rejects.toMatchObject(
      tooLarge,
    );
    expect(await client.command('who')).toBe('ann');
    expect(client.connection.value.reason).toBe('opened');
  });

  it('can be given up', async () => {
    const client = await connected();
    client.disconnect();
    const end = new AbortController();
    const answer = client.command('note', 1, { signal: end.signal });
    end.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    expect(client.queued.value).toBe(0);
  });

  it('that were sent when the client is closed may have run, and say so', async () => {
    const client = await connected();
    world.proxy.hold('replies');
    const answer = client.command('note', 1);
    answer.catch(() => undefined);
    await waitFor(() => world.ran.list.length === 1);
    await client.close();
    await expect(answer).rejects.toMatchObject({
      code: 'unavailable',
      temporary: false,
      details: { outcome: 'unknown' },
    });
  });

  it('that wait fail when the client is closed', async () => {
    const client = await connected();
    client.disconnect();
    const document = client.state('doc:closed').ready();
    document.catch(() => undefined);
    const answer = client.command('note', 1);
    answer.catch(() => undefined);
    await waitFor(() => client.queued.value === 1);
    await client.close();
    await expect(answer).rejects.toMatchObject({ code: 'unavailable', temporary: false });
    await expect(client.command('note', 1)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(document).rejects.toMatchObject({ code: 'unavailable', temporary: false });
  });
});
