import type { ExecutionContext, INestApplication } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { io, type Socket } from 'socket.io-client';
import type { RealtimeClient } from '../../src/sessions/identity.js';
import { ANONYMOUS } from '../../src/sessions/principal.js';
import { identityOf } from '../../src/sessions/identity-of.js';
import { Roles } from '../../src/sessions/session.decorators.js';
import { SessionGuard } from '../../src/sessions/session.guard.js';
import { RealtimeSessions } from '../../src/sessions/sessions.service.js';
import { listen, TestModule, tokens } from './support/app.js';
import { request, user } from './support/world.js';

async function start(platform: string): Promise<INestApplication> {
  const module = await Test.createTestingModule({ imports: [TestModule] }).compile();
  return platform === 'Fastify'
    ? module.createNestApplication(new FastifyAdapter(), { logger: false })
    : module.createNestApplication({ logger: false });
}

describe.each(['Express', 'Fastify'])('SessionGuard on %s', (platform) => {
  let app: INestApplication;
  let url: string;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    app = await start(platform);
    url = await listen(app);
    tokens.principals.set('of-7', user('7', { roles: ['boss'] }));
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.disconnect();
  });
  afterAll(() => app.close());

  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${url}${path}`, { headers });
  const post = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, { method: 'POST', headers });

  async function login(headers: Record<string, string> = {}) {
    const answer = await post('/login', headers);
    const [cookie = ''] = answer.headers.getSetCookie();
    const { sid } = (await answer.json()) as { sid: string };
    return { sid, cookie: cookie.split(';')[0]!, setCookie: cookie };
  }

  it('refuses nobody in particular with the error in the body', async () => {
    const answer = await get('/me');
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({
      statusCode: 401,
      message: expect.any(String),
      error: { code: 'unauthenticated', message: expect.any(String), temporary: false },
    });
  });

  it('lets a session pass that signing in has made, until it is revoked', async () => {
    const { sid, cookie, setCookie } = await login();
    expect(setCookie).toMatch(/^realtime_session=.{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(await (await get('/me', { cookie })).json()).toEqual({ sid, userId: '42' });
    const out = await post('/logout', { cookie });
    expect(out.status).toBe(201);
    expect(out.headers.getSetCookie()).toEqual([expect.stringContaining('realtime_session=; Max-Age=0')]);
    const answer = await get('/me', { cookie });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { details: { close: 'session_revoked' } } });
  });

  it('lets the old cookie pass no more after signing in again', async () => {
    const first = await login();
    const second = await login({ cookie: first.cookie });
    expect(second.sid).toBe(first.sid);
    expect(second.cookie).not.toBe(first.cookie);
    expect((await get('/me', { cookie: first.cookie })).status).toBe(401);
    expect((await get('/me', { cookie: second.cookie })).status).toBe(200);
  });

  it('lets a token pass, with a session of its own', async () => {
    const headers = { authorization: 'Bearer of-7' };
    const first = await (await get('/me', headers)).json();
    expect(first).toEqual({ userId: '7', sid: expect.stringMatching(/^[\w-]{22}$/) });
    expect(await (await get('/me', headers)).json()).toEqual(first);
  });

  it('asks for one of the roles, the handler’s before the class’s', async () => {
    const { cookie } = await login();
    expect((await get('/office', { cookie })).status).toBe(200);
    const answer = await get('/office/safe', { cookie });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ statusCode: 403, error: { code: 'forbidden' } });
    expect((await get('/office/safe', { authorization: 'Bearer of-7' })).status).toBe(200);
  });

  it('leaves the application’s own exceptions as they are', async () => {
    const { cookie } = await login();
    expect(await (await get('/office/closed', { cookie })).json()).toEqual({
      statusCode: 403,
      message: 'closed today',
      error: 'Forbidden',
    });
  });

  it('lets nobody in particular pass where it is optional, but not with a proof that is no good', async () => {
    const { cookie } = await login();
    expect(await (await get('/front')).json()).toEqual({ userId: 'nobody', hasSession: false });
    expect(await (await get('/front', { cookie })).json()).toEqual({ userId: '42', hasSession: true });
    expect((await get('/front', { 'x-session-id': 'A'.repeat(43) })).status).toBe(401);
    await post('/logout', { cookie });
    expect((await get('/front', { cookie })).status).toBe(401);
  });

  it('is what finds out who calls: without it nobody is known', async () => {
    const { cookie } = await login();
    expect(await (await get('/open', { cookie })).json()).toEqual({ principal: 'undefined' });
  });

  describe('on a gateway of the application’s own', () => {
    function connect(headers: Record<string, string> = {}, auth: object = {}): Socket {
      const socket = io(`${url}/chat`, {
        transports: ['websocket'],
        extraHeaders: headers,
        auth,
        forceNew: true,
      });
      sockets.push(socket);
      return socket;
    }
    /** The acknowledgement, or what is refused as `exception`. */
    const ask = (socket: Socket, event: string) =>
      new Promise((resolve) => {
        socket.once('exception', resolve);
        socket.emit(event, {}, resolve);
      });

    it('knows the handshake’s cookie and the token of auth', async () => {
      const { sid, cookie } = await login();
      expect(await ask(connect({ cookie }), 'whoami')).toEqual({ userId: '42', sid });
      expect(await ask(connect({}, { token: 'of-7' }), 'whoami')).toMatchObject({ userId: '7' });
      expect(await ask(connect({}, { token: 'of-7' }), 'safe')).toEqual({ opened: true });
    });

    it('refuses with the error’s body', async () => {
      const { cookie } = await login();
      expect(await ask(connect(), 'whoami')).toMatchObject({ code: 'unauthenticated', temporary: false });
      expect(await ask(connect({ cookie }), 'safe')).toMatchObject({ code: 'forbidden' });
      expect(await ask(connect({}, { token: { $ne: 1 } }), 'whoami')).toMatchObject({
        code: 'unauthenticated',
      });
    });

    it('soon knows that a session was revoked', async () => {
      const { sid, cookie } = await login();
      const socket = connect({ cookie });
      expect(await ask(socket, 'whoami')).toMatchObject({ userId: '42' });
      await app.get(RealtimeSessions).revoke(sid);
      const deadline = Date.now() + 5_000;
      let answer = await ask(socket, 'whoami');
      while ('sid' in (answer as object) && Date.now() < deadline) answer = await ask(socket, 'whoami');
      expect(answer).toMatchObject({ code: 'unauthenticated', details: { close: 'session_revoked' } });
    });
  });
});

describe('SessionGuard on commands', () => {
  class Handlers {
    plain(): void {}

    @Roles('staff')
    staffOnly(): void {}
  }

  let app: INestApplication;
  beforeAll(async () => {
    app = await (await start('Express')).init();
  });
  afterAll(() => app.close());

  function command(client: Partial<RealtimeClient>, name: keyof Handlers = 'plain'): ExecutionContext {
    const whole = {
      principal: ANONYMOUS,
      session: null,
      connection: null,
      transport: 'sse',
      request: request(),
      ...client,
    };
    const context = new ExecutionContextHost([whole, {}, 'order.claim'], Handlers, Handlers.prototype[name]);
    context.setType('ws');
    return context;
  }
  const guarded = (context: ExecutionContext) => app.get(SessionGuard).canActivate(context);

  it('lets a client pass that is known, and refuses another with the error as it is', async () => {
    const { session } = await app.get(RealtimeSessions).create();
    await expect(guarded(command({ principal: user('42') }))).resolves.toBe(true);
    await expect(guarded(command({ session }))).resolves.toBe(true);
    await expect(guarded(command({}))).rejects.toMatchObject({
      name: 'RealtimeError',
      code: 'unauthenticated',
    });
  });

  it('asks for a role', async () => {
    const staff = user('42', { roles: ['staff'] });
    await expect(guarded(command({ principal: staff }, 'staffOnly'))).resolves.toBe(true);
    await expect(guarded(command({ principal: user('42') }, 'staffOnly'))).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('refuses a client whose proof has run out', async () => {
    const principal = user('42', { expiresAt: Date.now() - 1 });
    await expect(guarded(command({ principal }))).rejects.toMatchObject({
      details: { reason: 'expired' },
    });
  });

  it('refuses what is called by no client', async () => {
    const message = new ExecutionContextHost([{}, {}], Handlers, command({}).getHandler());
    message.setType('rpc');
    await expect(guarded(message)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(identityOf(message)).toBeUndefined();
  });

  it('hands on who the client is', async () => {
    const principal = user('42');
    expect(identityOf(command({ principal }))).toMatchObject({ principal, session: null });
  });
});
