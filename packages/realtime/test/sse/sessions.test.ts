import { Controller, Post, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { memoryBackend, RealtimeChannel, RealtimeSessions } from '../../src/index.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

let meanwhile: () => unknown;

@RealtimeChannel('slow:{name}')
class SlowChannel {
  async canSubscribe(): Promise<boolean> {
    await meanwhile();
    return true;
  }
}

@Controller()
class LoginController {
  constructor(private readonly sessions: RealtimeSessions) {}

  @Post('login')
  async login(@Req() request: IncomingMessage, @Res({ passthrough: true }) response: ServerResponse) {
    await this.sessions.signIn(request, response, { userId: '42', roles: ['staff'], claims: {} });
  }
}

describe('streams of a session', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ controllers: [LoginController], policies: [SlowChannel] });
  });

  beforeEach(() => {
    meanwhile = () => undefined;
  });

  afterAll(() => app.close());

  async function signIn(cookie = ''): Promise<{ cookie: string }> {
    const response = await fetch(`${app.url}/login`, { method: 'POST', headers: { cookie } });
    return { cookie: response.headers.getSetCookie()[0]!.split(';')[0]! };
  }

  it('know whose they are by the cookie', async () => {
    using client = await SseClient.connect(app.url, 'staff:a', { headers: await signIn() });

    expect(client.ready.channels).toMatchObject({ 'staff:a': { replay: 0 }, '$user:42': { replay: 0 } });
    expect((await app.sessions.get(client.ready.sid!))?.principal.userId).toBe('42');
  });

  it('or by the header', async () => {
    const { secret, session } = await app.sessions.create();
    using client = await SseClient.connect(app.url, 'open:a', { headers: { 'x-session-id': secret } });

    expect(client.ready.sid).toBe(session.sid);
  });

  it('are ended, all of them and only they, when the session is revoked, and do not come back', async () => {
    const headers = await signIn();
    using one = await SseClient.connect(app.url, 'open:a', { headers });
    using two = await SseClient.connect(app.url, 'open:b', { headers });
    using other = await SseClient.connect(app.url, 'open:a', { headers: await signIn() });

    await app.sessions.revoke(one.ready.sid!);
    await one.end();
    await two.end();

    expect(one.control('close')).toEqual([{ code: 'session_revoked', reconnect: false }]);
    expect(two.control('close')).toEqual([{ code: 'session_revoked', reconnect: false }]);
    using again = await SseClient.open(app.url, 'open:a', { headers, lastEventId: one.cursor! });
    await again.end();
    expect({ status: again.status, text: again.text }).toEqual({ status: 204, text: '' });
    await app.realtime.publish('open:a', 'e', 1);
    await other.received('open:a', 1);
  });

  it('come back with the new secret when the session is rotated', async () => {
    const headers = await signIn();
    using client = await SseClient.connect(app.url, 'open:a', { headers });

    const renewed = await signIn(headers.cookie);
    await client.end();
    using again = await SseClient.connect(app.url, 'open:a', {
      headers: renewed,
      lastEventId: client.cursor!,
    });

    expect(client.control('close')).toEqual([{ code: 'retry', reconnect: true }]);
    expect(again.ready.sid).toBe(client.ready.sid);
    expect(again.ready.channels['open:a']).toEqual({ recovered: true, replay: 0 });
  });

  it('are not begun by a session that is revoked while a policy is still thinking', async () => {
    const headers = await signIn();
    using first = await SseClient.connect(app.url, 'open:a', { headers });
    const { sid } = first.ready;

    meanwhile = () => app.sessions.revoke(sid!);
    using client = await SseClient.open(app.url, 'slow:a', { headers });
    await client.end();

    expect(client.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(client.story).toEqual(['close']);
    await app.idle();
  });

  it('are not begun by one that is revoked between its look-up and the stream', async () => {
    const backend = memoryBackend();
    await using other = await startApp({ options: { backend } });
    const { secret, session } = await other.sessions.create();
    const findBySecretHash = backend.sessions.findBySecretHash.bind(backend.sessions);
    backend.sessions.findBySecretHash = async (hash) => {
      const found = await findBySecretHash(hash);
      await other.sessions.revoke(session.sid);
      return found;
    };

    using client = await SseClient.open(other.url, 'open:a', { headers: { 'x-session-id': secret } });
    await client.end();

    expect(client.control('close')).toEqual([{ code: 'session_revoked', reconnect: false }]);
    await other.idle();
  });
});
