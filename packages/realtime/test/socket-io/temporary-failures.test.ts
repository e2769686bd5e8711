import { RealtimeChannel, type ChannelPolicy, RealtimeError } from '../../src/index.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

@RealtimeChannel('shaky:{name}')
class ShakyChannel implements ChannelPolicy {
  static fault: Error | undefined;

  canSubscribe(): boolean {
    if (ShakyChannel.fault !== undefined) throw ShakyChannel.fault;
    return true;
  }
}

describe('failures that pass, over Socket.IO', () => {
  let app: RunningApp;

  beforeEach(async () => {
    ShakyChannel.fault = undefined;
    app = await startApp({
      policies: [ShakyChannel],
      options: { authenticate: knownTokens({ ann: { userId: 'ann' } }) },
    });
  });

  afterEach(() => app.close());

  /** Lets the log fail in this way until it is called. */
  function breakLog(error: Error): () => void {
    const { log } = app.backend;
    const end = log.end.bind(log);
    log.end = () => Promise.reject(error);
    return () => (log.end = end);
  }

  it('a channel that cannot be opened now is refused for now, and can be tried again', async () => {
    using client = await SocketClient.connect(app.url);
    const mend = breakLog(new RealtimeError('unavailable', 'away'));

    expect(await client.subscribe('open:room')).toMatchObject({
      ok: false,
      error: { code: 'unavailable', temporary: true },
    });
    mend();
    await client.follow('open:room');
    await app.realtime.publish('open:room', 'said', 1);
    await client.received('open:room', 1);
  });

  it('a policy that fails is no refusal: the client may try again, and the server hears of it', async () => {
    using client = await SocketClient.connect(app.url);
    ShakyChannel.fault = new Error('the database is away');

    const answer = await client.subscribe('shaky:room');

    expect(answer).toMatchObject({ ok: false, error: { code: 'unavailable', temporary: true } });
    expect(JSON.stringify(answer)).not.toContain('database');
    expect(app.logs.join('\n')).toContain('the database is away');
  });

  it('a fault of the server says nothing of itself to the client, and is reported', async () => {
    using client = await SocketClient.connect(app.url);
    breakLog(new TypeError('secret internals'));

    const answer = await client.subscribe('open:room');

    expect(answer).toMatchObject({ ok: false, error: { code: 'internal', temporary: false } });
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(app.logs.join('\n')).toContain('secret internals');
  });

  it('a client whose own channels cannot be opened now comes back by itself, and misses nothing', async () => {
    using before = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    const { positions } = before;
    before.io.disconnect();
    await app.realtime.toUser('ann').publish('said', 'meanwhile');
    await app.idle();
    const mend = breakLog(new RealtimeError('unavailable', 'away'));

    using client = new SocketClient(app.url, { auth: { token: 'ann', positions } });
    await client.until(() => client.disconnects.length > 0, 'the first end');
    expect(client.close).toEqual({ code: 'retry', reconnect: true });
    expect(client.ready.channels['$user:ann']).toMatchObject({ error: { code: 'unavailable' } });
    mend();

    await client.received('$user:ann', 1);
    expect(client.envelopes().map(({ d }) => d)).toEqual(['meanwhile']);
  });

  it('a client that cannot be let in now comes back by itself', async () => {
    const { secret } = await app.sessions.create();
    const { sessions } = app.backend;
    const find = sessions.findBySecretHash.bind(sessions);
    let tries = 0;
    sessions.findBySecretHash = () => {
      tries += 1;
      if (tries === 3) sessions.findBySecretHash = find;
      return Promise.reject(new RealtimeError('unavailable', 'away'));
    };

    using client = await SocketClient.connect(app.url, { extraHeaders: { 'x-session-id': secret } });

    expect(tries).toBe(3);
    expect(client.ready.sid).not.toBeNull();
  });
});
