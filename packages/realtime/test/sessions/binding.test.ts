import { Controller, Get, UseGuards } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CurrentSession, type BindingOptions, type Session, SessionGuard } from '../../src/index.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type AdapterName, type RunningApp, startApp } from '../support/start-app.js';

@Controller()
class MeController {
  @Get('me')
  @UseGuards(SessionGuard)
  me(@CurrentSession() session: Session) {
    return { sid: session.sid };
  }
}

const HERE = { 'user-agent': 'here' };
const ELSEWHERE = { 'user-agent': 'elsewhere' };

function start(binding: BindingOptions): Promise<RunningApp> {
  return startApp({ controllers: [MeController], options: { sessions: { binding } } });
}

/** A session that is bound to who is `here`, by its first use. */
async function boundSession(app: RunningApp): Promise<{ sid: string; secret: string; cookie: string }> {
  const { session, secret } = await app.sessions.create();
  const cookie = `realtime_session=${secret}`;
  expect((await fetch(`${app.url}/me`, { headers: { ...HERE, cookie } })).status).toBe(200);
  return { sid: session.sid, secret, cookie };
}

async function statusFrom({ url }: RunningApp, secret: string, address: string): Promise<number> {
  const headers = { 'x-session-id': secret, 'x-forwarded-for': address };
  return (await fetch(`${url}/me`, { headers })).status;
}

describe.each(['express', 'fastify'] as const)('sessions.binding on %s', (adapter) => {
  it('reject: refuses the session elsewhere, over HTTP, SSE and Socket.IO alike', async () => {
    await using app = await startApp({
      adapter,
      controllers: [MeController],
      options: { sessions: { binding: { to: 'userAgent' } } },
    });
    const { cookie } = await boundSession(app);
    const headers = { ...ELSEWHERE, cookie };

    expect((await fetch(`${app.url}/me`, { headers })).status).toBe(401);
    using stream = await SseClient.open(app.url, 'open:a', { headers });
    expect(stream.status).toBe(401);
    expect(await SocketClient.refused(app.url, { extraHeaders: headers })).toMatchObject({
      code: 'unauthenticated',
      details: { reason: 'binding' },
    });
    using own = await SocketClient.connect(app.url, { extraHeaders: { ...HERE, cookie } });
    expect(own.ready.sid).not.toBeNull();
  });

  it('rotate: gives who is elsewhere a new cookie, after which the one before is worth nothing', async () => {
    await using app = await startApp({
      adapter,
      controllers: [MeController],
      options: { sessions: { binding: { to: 'userAgent', onMismatch: 'rotate' } } },
    });
    const { cookie, sid } = await boundSession(app);
    using stream = await SseClient.connect(app.url, 'open:a', { headers: { ...ELSEWHERE, cookie } });
    const fresh = stream.headers['set-cookie']![0]!.split(';')[0]!;

    expect(stream.ready.sid).toBe(sid);
    expect(fresh).not.toBe(cookie);
    expect((await fetch(`${app.url}/me`, { headers: { ...HERE, cookie } })).status).toBe(401);
    expect((await fetch(`${app.url}/me`, { headers: { ...ELSEWHERE, cookie: fresh } })).status).toBe(200);
  });
});

describe('sessions.binding', () => {
  it('rotate: gives who keeps the secret itself a new one in X-Session-Id, and none to a socket', async () => {
    await using app = await start({ to: 'userAgent', onMismatch: 'rotate' });
    const { secret } = await boundSession(app);
    const headers = { ...ELSEWHERE, 'x-session-id': secret };
    expect(await SocketClient.refused(app.url, { extraHeaders: headers })).toMatchObject({
      code: 'unauthenticated',
    });
    const fresh = (await fetch(`${app.url}/me`, { headers })).headers.get('x-session-id')!;
    using client = await SocketClient.connect(app.url, {
      extraHeaders: { ...ELSEWHERE, 'x-session-id': fresh },
    });
    expect(client.ready.sid).not.toBeNull();
  });

  it('warn: lets in, and says so in the log without saying who it was', async () => {
    await using app = await start({ to: 'userAgent', onMismatch: 'warn' });
    const { sid, cookie } = await boundSession(app);
    expect((await fetch(`${app.url}/me`, { headers: { ...ELSEWHERE, cookie } })).status).toBe(200);
    const line = app.logs.find((each) => each.startsWith('warn') && each.includes(sid));
    expect(line).toBeDefined();
    expect(line).not.toContain('127.0.0.1');
  });

  it('ip: stores a hash, and neither the address nor the secret', async () => {
    await using app = await start({ to: 'ip' });
    const { sid, secret } = await boundSession(app);
    const stored = await app.backend.sessions.find(sid);
    expect(stored!.binding).toMatch(/^[\w-]{43}$/);
    for (const text of ['127.0.0.1', secret]) expect(JSON.stringify(stored)).not.toContain(text);
  });

  it('a function: binds to whatever the application says; a request of which it says nothing is elsewhere', async () => {
    await using app = await start({ to: ({ headers }) => headers['x-device'] as string | undefined });
    const { secret } = await app.sessions.create();
    const use = async (device: Record<string, string>): Promise<number> =>
      (await fetch(`${app.url}/me`, { headers: { 'x-session-id': secret, ...device } })).status;
    expect(await use({})).toBe(401);
    expect(await use({ 'x-device': 'a' })).toBe(200);
    expect(await use({ 'x-device': 'b' })).toBe(401);
    expect(await use({})).toBe(401);
  });

  it('goes for tickets and resume tokens of the session too', async () => {
    await using app = await start({ to: 'userAgent' });
    const { secret } = await boundSession(app);
    const headers = { ...HERE, 'x-session-id': secret };
    const issued = await fetch(`${app.url}/realtime/tickets`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"channels":["open:a"]}',
    });
    const { ticket } = (await issued.json()) as { ticket: string };
    using stolen = await SseClient.open(app.url, [], { headers: ELSEWHERE, query: { ticket } });
    using own = await SseClient.open(app.url, [], { headers: HERE, query: { ticket } });
    expect([stolen.status, own.status]).toEqual([401, 200]);

    using socket = await SocketClient.connect(app.url, { extraHeaders: headers });
    const auth = { resumeToken: socket.ready.resumeToken };
    expect(await SocketClient.refused(app.url, { auth, extraHeaders: ELSEWHERE })).toMatchObject({
      details: { reason: 'binding' },
    });
    using resumed = await SocketClient.connect(app.url, { auth, extraHeaders: HERE });
    expect(resumed.ready.sid).toBe(socket.ready.sid);
  });

  it.each<AdapterName>(['express', 'fastify'])(
    'ip: is the address that a trusted proxy says, not the proxy’s, on %s',
    async (adapter) => {
      await using app = await startApp({
        adapter,
        controllers: [MeController],
        options: { sessions: { binding: { to: 'ip' } }, limits: { trustProxy: 'loopback' } },
      });
      const { secret } = await app.sessions.create();
      const from = (address: string) => statusFrom(app, secret, address);

      expect([await from('192.0.2.1'), await from('192.0.2.2'), await from('192.0.2.1')]).toEqual([
        200, 401, 200,
      ]);
      expect(
        await SocketClient.refused(app.url, {
          extraHeaders: { 'x-session-id': secret, 'x-forwarded-for': '192.0.2.2' },
        }),
      ).toMatchObject({ details: { reason: 'binding' } });
    },
  );

  it('ip: is what Fastify says of its own requests', async () => {
    await using app = await startApp({
      adapter: new FastifyAdapter({ trustProxy: true }),
      controllers: [MeController],
      options: { sessions: { binding: { to: 'ip' } } },
    });
    const { secret } = await app.sessions.create();
    const from = (address: string) => statusFrom(app, secret, address);

    expect([await from('192.0.2.1'), await from('192.0.2.2')]).toEqual([200, 401]);
  });

  it.each([
    [{ to: 'mac' }, 'sessions.binding.to'],
    [{ to: 'ip', onMismatch: 'shrug' }, 'sessions.binding.onMismatch'],
    [{ to: 'ip', on: 1 }, 'sessions.binding.on'],
  ])('is checked at start-up: %j', async (binding, name) => {
    await expect(start(binding as never)).rejects.toThrow(name);
  });
});
