import {
  type ChannelPolicy,
  type ChannelPublishRequest,
  RealtimeChannel,
  RealtimeError,
  type RealtimeModuleOptions,
} from '../../src/index.js';
import { postCommand } from '../support/commands.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

@RealtimeChannel('chat:{room}')
class ChatChannel implements ChannelPolicy {
  canSubscribe(): boolean {
    return true;
  }

  canPublish({ principal, params, event, data }: ChannelPublishRequest): boolean {
    if (params['room'] === 'frozen') throw new RealtimeError('forbidden', 'the room is frozen');
    return principal.userId !== undefined && event === 'said' && data !== 'rude';
  }
}

const OPTIONS: RealtimeModuleOptions = {
  authenticate: knownTokens({ ann: { userId: 'ann' }, bob: { userId: 'bob' } }),
  limits: { maxEventBytes: 1_000 },
};

describe('realtime.publish: clients that publish themselves', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ options: OPTIONS, policies: [ChatChannel] });
  });

  afterAll(() => app.close());

  const connect = (token?: string): Promise<SocketClient> =>
    SocketClient.connect(app.url, { auth: { token } });

  it('reaches everybody in the channel, and is answered with where the event is', async () => {
    using ann = await connect('ann');
    using visitor = await connect();
    await Promise.all([ann.follow('chat:lobby'), visitor.follow('chat:lobby')]);

    const reply = await ann.command('realtime.publish', {
      channel: 'chat:lobby',
      event: 'said',
      data: { text: 'hello' },
      correlationId: 'c-1',
    });
    await Promise.all([ann, visitor].map((client) => client.received('chat:lobby', 1)));

    expect(reply).toMatchObject({
      ok: true,
      data: { position: visitor.position('chat:lobby'), offset: 1 },
    });
    expect(visitor.envelopes()).toMatchObject([{ n: 'said', d: { text: 'hello' }, x: 'c-1' }]);
  });

  it('works over HTTP as well', async () => {
    using visitor = await connect();
    await visitor.follow('chat:http');
    const data = { channel: 'chat:http', event: 'said', data: 1 };

    const { body } = await postCommand(
      app.url,
      { id: 'p', command: 'realtime.publish', data },
      { token: 'ann' },
    );
    await visitor.received('chat:http', 1);

    expect(body).toMatchObject({ ok: true, data: { offset: 1 } });
  });

  it('publishes one event for one idempotency key, whatever the ids and transports', async () => {
    using ann = await connect('ann');
    using visitor = await connect();
    await visitor.follow('chat:once');
    const data = { channel: 'chat:once', event: 'said', data: 1, idempotencyKey: 'k' };

    const first = await ann.command('realtime.publish', data);
    const second = await ann.command('realtime.publish', { ...data, data: 2 });
    const third = await postCommand(
      app.url,
      { id: 'x', command: 'realtime.publish', data },
      { token: 'ann' },
    );
    await ann.command('realtime.publish', { ...data, idempotencyKey: 'end' });
    await visitor.received('chat:once', 2);

    expect([second, third.body].map((reply) => (reply as { data?: unknown }).data)).toEqual(
      Array(2).fill((first as { data?: unknown }).data),
    );
    expect(visitor.offsets('chat:once')).toEqual([1, 2]);
  });

  it('keeps one client’s keys from another’s, and from the server’s', async () => {
    using ann = await connect('ann');
    using bob = await connect('bob');
    using visitor = await connect();
    await visitor.follow('chat:keys');
    const data = { channel: 'chat:keys', event: 'said', data: 1, idempotencyKey: 'k' };

    await app.realtime.publish('chat:keys', 'said', 0, { idempotencyKey: 'k' });
    await ann.command('realtime.publish', data);
    await bob.command('realtime.publish', data);

    const events = await visitor.received('chat:keys', 3);

    expect(events.map(({ d }) => d)).toEqual([0, 1, 1]);
  });

  it.each([
    ['nobody opened', { channel: 'open:listening', event: 'said' }, 'forbidden'],
    ['does not exist', { channel: 'nothing:here', event: 'said' }, 'forbidden'],
    ['is frozen', { channel: 'chat:frozen', event: 'said' }, 'forbidden'],
    ['is a document', { channel: '$state:doc:1', event: 'said' }, 'bad_request'],
    ['is a user’s', { channel: '$user:bob', event: 'said' }, 'bad_request'],
    ['has no name', { event: 'said' }, 'bad_request'],
  ])('is refused in a channel that %s', async (_, data, code) => {
    using ann = await connect('ann');

    expect(await ann.command('realtime.publish', data)).toMatchObject({ ok: false, error: { code } });
  });

  it.each([
    ['an event that the policy does not take', { event: 'shouted', data: 1 }, 'forbidden'],
    ['data that the policy does not take', { event: 'said', data: 'rude' }, 'forbidden'],
    ['a reserved event', { event: 'realtime.ready' }, 'bad_request'],
    ['an event of documents', { event: 'state.patch' }, 'bad_request'],
    ['no event', {}, 'bad_request'],
    ['too much data', { event: 'said', data: 'x'.repeat(2_000) }, 'too_large'],
    ['a key that is no text', { event: 'said', idempotencyKey: 7 }, 'bad_request'],
    ['a key that is too long', { event: 'said', idempotencyKey: 'x'.repeat(101) }, 'bad_request'],
    ['an empty key', { event: 'said', idempotencyKey: '' }, 'bad_request'],
    ['an idle text', 'said', 'bad_request'],
  ])('is refused with %s', async (_, data, code) => {
    using ann = await connect('ann');
    const payload = typeof data === 'string' ? data : { channel: 'chat:lobby', ...data };

    expect(await ann.command('realtime.publish', payload)).toMatchObject({ ok: false, error: { code } });
  });

  it('is refused for whom the policy does not know', async () => {
    using visitor = await connect();
    const data = { channel: 'chat:lobby', event: 'said', data: 1 };

    expect(await visitor.command('realtime.publish', data)).toMatchObject({ error: { code: 'forbidden' } });
  });
});
