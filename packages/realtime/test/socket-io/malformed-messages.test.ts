import type { Reply } from '@nestwire/protocol';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const BAD_REQUEST = {
  ok: false,
  error: { code: 'bad_request', temporary: false, message: expect.any(String) },
};

describe('malformed messages over Socket.IO', () => {
  let app: RunningApp;
  let client: SocketClient;

  beforeAll(async () => {
    app = await startApp({ options: { limits: { commandsPerSecond: 1_000, errorsPerSecond: 1_000 } } });
  });

  beforeEach(async () => {
    client = await SocketClient.connect(app.url);
  });

  afterEach(async () => {
    // Whatever it was, the connection has outlived it.
    await client.follow('open:after');
    client[Symbol.dispose]();
  });

  afterAll(() => app.close());

  const PAYLOADS = [undefined, null, 42, 'open:a', true, [], [{ channel: 'open:a' }], {}, { channel: {} }];

  it.each(PAYLOADS)('subscribe with %j is a bad request', async (payload) => {
    expect(await client.ask('subscribe', payload)).toEqual(BAD_REQUEST);
  });

  it.each(PAYLOADS)('unsubscribe with %j is a bad request', async (payload) => {
    expect(await client.ask('unsubscribe', payload)).toEqual(BAD_REQUEST);
  });

  it.each([
    ...PAYLOADS,
    { id: '', command: 'realtime.heartbeat' },
    { id: 'x'.repeat(65), command: 'realtime.heartbeat' },
    { id: 1, command: 'realtime.heartbeat' },
    { id: 'é', command: 'realtime.heartbeat' },
    { command: 'realtime.heartbeat' },
  ])('command with %j is a bad request without an id', async (payload) => {
    expect(await client.ask('command', payload)).toEqual({ id: null, ...BAD_REQUEST });
  });

  it.each([undefined, 1, '', 'a b', 'x'.repeat(101)])(
    'a command named %j is a bad request',
    async (command) => {
      expect(await client.ask('command', { id: 'a', command })).toEqual({ id: 'a', ...BAD_REQUEST });
    },
  );

  it('a message without an acknowledgement is taken, or refused, without a word', async () => {
    for (const payload of [
      ...PAYLOADS,
      { channel: 'open:quiet' },
      { id: 'a', command: 'realtime.heartbeat' },
    ]) {
      for (const message of ['subscribe', 'unsubscribe', 'command']) client.io.emit(message, payload);
    }
    client.io.emit('subscribe', { channel: 'open:quiet' });
    await client.command('realtime.heartbeat');

    await app.realtime.publish('open:quiet', 'said', 1);
    await client.received('open:quiet', 1);
    expect(client.envelopes()).toHaveLength(1);
  });

  it('messages without arguments, with too many, or with unknown names are answered or passed over', async () => {
    for (const name of ['subscribe', 'unsubscribe', 'command']) client.io.emit(name);
    for (const name of ['events', 'ready', 'close', 'toString', '__proto__']) client.io.emit(name, {});

    expect(await client.io.emitWithAck('subscribe')).toEqual(BAD_REQUEST);
    expect(await client.io.emitWithAck('subscribe', { channel: 'open:a' }, 'more')).toMatchObject({
      ok: true,
    });
    expect(client.disconnects).toEqual([]);
  });

  it('more messages at once than are kept waiting are refused for now, those before them are answered', async () => {
    const payloads = Array.from({ length: 1_500 }, (_, i) => `id-${i}`);

    const replies = await Promise.all(
      payloads.map((id) => client.ask<Reply>('command', { id, command: 'realtime.heartbeat' })),
    );

    const refused = replies.filter((reply) => !reply.ok);
    expect(replies.slice(0, 1_000).every(({ ok }) => ok)).toBe(true);
    expect(refused.every(({ error }) => error.code === 'rate_limited' && error.temporary)).toBe(true);
    expect(replies.map(({ id }) => id)).toEqual(payloads);
  });

  it('binary data is a bad request', async () => {
    const data = { bytes: Buffer.from('abc') };

    expect(await client.ask('subscribe', Buffer.from('abc'))).toEqual(BAD_REQUEST);
    expect(await client.ask('command', { id: 'a', command: 'realtime.heartbeat', data })).toMatchObject({
      id: 'a',
      ...BAD_REQUEST,
    });
  });
});
