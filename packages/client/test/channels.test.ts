import { waitFor } from '@nestwire/harness';
import { World } from './support/world.js';

describe.each(['websocket', 'sse'] as const)('channels over %s', (transport) => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it('share one subscription, however many listen, and each hears each event once', async () => {
    const client = world.client({ transport });
    const channel = client.channel('open:shared');
    expect(client.channel('open:shared')).toBe(channel);
    const heard: string[] = [];
    const off = channel.on('said', (data, { offset }) => heard.push(`a ${String(data)} ${offset}`));
    channel.on('said', (data) => heard.push(`b ${String(data)}`));
    channel.on('*', ({ event, data }) => heard.push(`* ${event} ${String(data)}`));
    await waitFor(() => channel.state.value.status === 'subscribed');
    const starts = client.debug.entries().filter(({ message }) => message === 'open:shared');
    expect(starts).toHaveLength(1);
    await world.realtime.publish('open:shared', 'said', 1);
    await waitFor(() => heard.length === 3);
    off();
    await world.realtime.publish('open:shared', 'said', 2);
    await waitFor(() => heard.length === 5);
    expect(heard).toEqual(['a 1 1', 'b 1', '* said 1', 'b 2', '* said 2']);
  });

  it('are left when the last listener goes, and begin live when one comes again', async () => {
    const client = world.client({ transport });
    const channel = client.channel('open:left');
    client.channel('open:stays').on('said', () => undefined);
    const off = channel.on('said', () => undefined);
    await waitFor(() => channel.state.value.status === 'subscribed');
    off();
    await waitFor(() => channel.state.value.status === 'idle');
    await world.realtime.publish('open:left', 'said', 'missed');
    const heard: unknown[] = [];
    channel.on('said', (data) => heard.push(data));
    await waitFor(() => channel.state.value.status === 'subscribed');
    await world.realtime.publish('open:left', 'said', 'heard');
    await waitFor(() => heard.length > 0);
    expect(heard).toEqual(['heard']);
  });

  it('that are left and followed anew at once say nothing of what was on its way before', async () => {
    const client = world.client({ transport });
    const channel = client.channel('open:anew');
    client.channel('open:kept').on('said', () => undefined);
    const off = channel.on('said', () => undefined);
    await waitFor(() => channel.state.value.status === 'subscribed');
    world.proxy.hold('replies');
    await world.realtime.publish('open:anew', 'said', 1);
    await waitFor(() => world.proxy.pending > 0);
    off();
    await new Promise((resolve) => setImmediate(resolve));
    const heard: unknown[] = [];
    channel.on('said', (data) => heard.push(data));
    world.proxy.release();
    await waitFor(() => channel.state.value.status === 'subscribed');
    await world.realtime.publish('open:anew', 'said', 2);
    await waitFor(() => heard.length > 0);
    expect(heard).toEqual([2]);
  });

  it('of one user are there for whoever comes later, and refused to others', async () => {
    const client = world.client({ transport, token: 'ann' });
    const errors: unknown[] = [];
    client.channel('$user:bob').on('error', ({ code }) => errors.push(code));
    await waitFor(() => errors.length > 0);
    const heard: unknown[] = [];
    client.channel('$user:ann').on('told', (data) => heard.push(data));
    await waitFor(() => client.channel('$user:ann').state.value.status === 'subscribed');
    await world.realtime.toUser('ann').publish('told', 1);
    await waitFor(() => heard.length > 0);
    client.channel('$role:staff').on('error', ({ code }) => errors.push(code));
    await waitFor(() => errors.length > 1);
    expect({ heard, errors }).toEqual({ heard: [1], errors: ['forbidden', 'forbidden'] });
  });

  it('that are refused say why, and the others go on', async () => {
    const client = world.client({ transport });
    const errors: unknown[] = [];
    client.channel('staff:x').on('error', ({ code }) => errors.push(code));
    client.channel('open:beside').on('said', () => undefined);
    await waitFor(() => client.channel('open:beside').state.value.status === 'subscribed');
    await waitFor(() => errors.length > 0);
    expect(errors).toEqual(['forbidden']);
    expect(client.channel('staff:x').state.value).toMatchObject({
      status: 'failed',
      error: { code: 'forbidden' },
    });
    expect(client.connection.value.status).toBe('connected');
  });

  it('say so where what was missed cannot be had', async () => {
    const client = world.client({ transport });
    const gaps: unknown[] = [];
    const heard: unknown[] = [];
    client.channel('short:x').on('gap', ({ reason }) => gaps.push(reason));
    client.channel('short:x').on('said', (data) => heard.push(data));
    await waitFor(() => client.channel('short:x').state.value.status === 'subscribed');
    await world.realtime.publish('short:x', 'said', 0);
    await waitFor(() => heard.length === 1);
    await world.proxy.refuse();
    world.proxy.cut();
    await waitFor(() => client.connection.value.status === 'connecting');
    for (let i = 1; i <= 5; i += 1) await world.realtime.publish('short:x', 'said', i);
    await world.proxy.accept();
    await waitFor(() => gaps.length > 0);
    expect(gaps).toEqual(['unrecovered']);
    await world.realtime.publish('short:x', 'said', 6);
    await waitFor(() => heard.length === 2);
    expect(heard).toEqual([0, 6]);
  });

  it('can be read with for await, until the signal ends it', async () => {
    const client = world.client({ transport });
    const end = new AbortController();
    const events = client.channel('open:iterated').events({ signal: end.signal });
    await waitFor(() => client.channel('open:iterated').state.value.status === 'subscribed');
    for (let i = 1; i <= 3; i += 1) await world.realtime.publish('open:iterated', 'said', i);
    const heard: unknown[] = [];
    for await (const { data } of events) {
      heard.push(data);
      if (heard.length === 3) end.abort();
    }
    expect(heard).toEqual([1, 2, 3]);
    await waitFor(() => client.channel('open:iterated').state.value.status === 'idle');
  });

  it('that are read end when the client is closed, after what came before', async () => {
    const client = world.client({ transport });
    const events = client.channel('open:closed').events();
    await waitFor(() => client.channel('open:closed').state.value.status === 'subscribed');
    await world.realtime.publish('open:closed', 'said', 1);
    const first = await events.next();
    const next = events.next();
    await client.close();
    expect([first.done, (await next).done, (await events.next()).done]).toEqual([false, true, true]);
    expect(client.channel('open:closed').state.value.status).toBe('idle');
  });

  it('can be published to where their policy lets clients', async () => {
    const client = world.client({ transport, token: 'ann' });
    const heard: unknown[] = [];
    const channel = client.channel('open:published');
    channel.on('said', (data) => heard.push(data));
    await waitFor(() => channel.state.value.status === 'subscribed');
    expect(await channel.publish('said', 'hi')).toMatchObject({ offset: 1 });
    await waitFor(() => heard.length === 1);
    await expect(client.channel('short:x').publish('said', 1)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('with names that are none are refused at once', () => {
    const client = world.client({ transport });
    expect(() => client.channel('no spaces')).toThrow('no channel');
    expect(() => client.channel('open:x').on('realtime.ready', () => undefined)).toThrow('no event');
  });
});

it('channels over SSE that are too many, or too long, are refused by themselves, and the others go on over a cut', async () => {
  await using world = await World.start();
  const client = world.client({ transport: 'sse' });
  const refused = new Set<string>();
  const names = Array.from({ length: 40 }, (_, i) => `open:${String(i).padStart(3, '0')}${'x'.repeat(180)}`);
  for (const name of names)
    client.channel(name).on('error', ({ code }) => code === 'too_large' && refused.add(name));
  const [first] = names as [string];
  await waitFor(() => client.channel(first).state.value.status === 'subscribed' && refused.size > 0);
  // Each time with a cursor of all of them.
  for (let i = 0; i < 2; i += 1) {
    let recovered = false;
    const stop = client.channel(first).on('recovered', () => (recovered = true));
    world.proxy.cut();
    await waitFor(() => recovered);
    stop();
  }
  const states = names.map((name) => client.channel(name).state.value.status);
  const open = states.indexOf('failed');
  expect(open).toBeGreaterThan(20);
  expect(states).toEqual(names.map((_, i) => (i < open ? 'subscribed' : 'failed')));
});
