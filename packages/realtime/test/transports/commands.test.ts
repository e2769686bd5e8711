import { Injectable, UseGuards } from '@nestjs/common';
import { ConnectedSocket, MessageBody } from '@nestjs/websockets';
import type { Reply } from '@nestwire/protocol';
import {
  CurrentPrincipal,
  type Principal,
  Realtime,
  RealtimeError,
  type RealtimeClient,
  SessionGuard,
} from '../../src/index.js';
import { postCommand } from '../support/commands.js';
import { knownTokens } from '../support/known-tokens.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

@Injectable()
class Desk {
  static runs = 0;

  @Realtime({ command: 'count' })
  count(): { runs: number } {
    return { runs: (Desk.runs += 1) };
  }

  @Realtime({ command: 'echo' })
  echo(@MessageBody() data: unknown, @ConnectedSocket() client: RealtimeClient): unknown {
    return { data, userId: client.principal.userId ?? null, connection: client.connection };
  }

  @UseGuards(SessionGuard)
  @Realtime({ command: 'whoami' })
  whoami(@CurrentPrincipal() principal: Principal): unknown {
    return principal.userId;
  }

  @Realtime({ command: 'refuse' })
  refuse(): never {
    throw new RealtimeError('conflict', 'somebody was first', { details: { by: 'bob' }, retryAfterMs: 10 });
  }

  @Realtime({ command: 'break' })
  fail(): never {
    throw new Error('password: hunter2');
  }

  @Realtime({ command: 'staff.only', roles: ['staff'] })
  staffOnly(): string {
    return 'welcome';
  }
}

type Send = (body: unknown) => Promise<Reply>;

describe('commands, the same over both transports', () => {
  let app: RunningApp;
  let ids = 0;

  beforeAll(async () => {
    app = await startApp({
      providers: [Desk],
      options: {
        authenticate: knownTokens({
          ann: { userId: 'ann' },
          eve: { userId: 'eve' },
          sam: { userId: 'sam', roles: ['staff'] },
        }),
        limits: { maxMessageBytes: 10_000, maxNesting: 5 },
      },
    });
  });

  afterAll(() => app.close());

  const overSocket = async (token: string, use: (send: Send) => Promise<void>): Promise<void> => {
    using client = await SocketClient.connect(app.url, { auth: { token } });
    await use((body) => client.ask('command', body));
  };
  const overHttp = (token: string, use: (send: Send) => Promise<void>): Promise<void> =>
    use(async (body) => {
      const reply = await postCommand(app.url, body, { token });
      expect(reply.status).toBe(200);
      return reply.body;
    });

  describe.each([
    ['Socket.IO', overSocket],
    ['HTTP', overHttp],
  ])('over %s', (_, over) => {
    const id = (): string => `id-${(ids += 1)}`;

    it('are answered under their id with what the handler returns', () =>
      over('ann', async (send) => {
        const command = { id: id(), command: 'whoami' };
        expect(await send(command)).toEqual({ id: command.id, ok: true, data: 'ann' });
      }));

    it('run once: the same id and body get the first reply', () =>
      over('ann', async (send) => {
        const command = { id: id(), command: 'count', data: { a: 1, b: 2 } };
        const first = await send(command);
        expect(await send({ ...command, data: { b: 2, a: 1 } })).toEqual(first);
      }));

    it('conflict where an id is used with another body', () =>
      over('ann', async (send) => {
        const command = { id: id(), command: 'echo', data: 1 };
        await send(command);
        expect(await send({ ...command, data: 2 })).toMatchObject({ ok: false, error: { code: 'conflict' } });
      }));

    it('are not found where nobody handles them', () =>
      over('ann', async (send) => {
        for (const command of ['unknown', 'realtime.unknown', 'toString', '__proto__'])
          expect(await send({ id: id(), command })).toMatchObject({
            ok: false,
            error: { code: 'not_found' },
          });
      }));

    it('are refused without the role that they need', async () => {
      const command = { id: id(), command: 'staff.only' };
      await over('ann', async (send) =>
        expect(await send(command)).toMatchObject({ ok: false, error: { code: 'forbidden' } }),
      );
      await over('sam', async (send) =>
        expect(await send(command)).toMatchObject({ ok: true, data: 'welcome' }),
      );
    });

    it('bring the error that the handler threw, and nothing of one that it did not mean', () =>
      over('ann', async (send) => {
        expect(await send({ id: id(), command: 'refuse' })).toMatchObject({
          ok: false,
          error: {
            code: 'conflict',
            message: 'somebody was first',
            temporary: false,
            retryAfterMs: 10,
            details: { by: 'bob' },
          },
        });
        const broken = await send({ id: id(), command: 'break' });
        expect(broken).toMatchObject({ ok: false, error: { code: 'internal' } });
        expect(JSON.stringify(broken)).not.toContain('hunter2');
      }));

    it('are refused with data that is too large, too deep, or reaches for a prototype', () =>
      over('ann', async (send) => {
        const codeOf = async (data: unknown): Promise<unknown> =>
          ((await send({ id: id(), command: 'echo', data })) as { error?: { code: string } }).error?.code;

        expect(await codeOf('x'.repeat(9_000))).toBeUndefined();
        expect(await codeOf([[[[[]]]]])).toBeUndefined();
        expect(await codeOf([[[[[[]]]]]])).toBe('bad_request');
        expect(await codeOf(JSON.parse('{"a":{"__proto__":{"admin":true}}}'))).toBe('bad_request');
        expect(await codeOf({ constructor: { prototype: 1 } })).toBe('bad_request');
      }));

    it('of our own work: realtime.heartbeat tells the time', () =>
      over('ann', async (send) => {
        const before = Date.now();
        const reply = await send({ id: id(), command: 'realtime.heartbeat' });
        expect(reply).toMatchObject({ ok: true, data: { time: expect.any(Number) } });
        expect((reply as { data: { time: number } }).data.time).toBeGreaterThanOrEqual(before);
      }));
  });

  it('run once across both transports within a session', async () => {
    using client = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    const command = { id: 'across', command: 'count' };

    const overSocketFirst = await client.ask<Reply>('command', command);
    const overHttpThen = await postCommand(app.url, command, { token: 'ann' });

    expect(overHttpThen.body).toEqual(overSocketFirst);
    expect((await postCommand(app.url, { ...command, data: 1 }, { token: 'ann' })).body).toMatchObject({
      error: { code: 'conflict' },
    });
  });

  it('run once where both transports bring the same command at the same moment', async () => {
    using client = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    const command = { id: 'at once', command: 'count' };
    const runs = Desk.runs;

    const [first, second] = await Promise.all([
      client.ask<Reply>('command', command),
      postCommand(app.url, command, { token: 'ann' }),
    ]);

    expect(second.body).toEqual(first);
    expect(Desk.runs).toBe(runs + 1);
  });

  it('do not meet the ids of another session', async () => {
    using ann = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
    using eve = await SocketClient.connect(app.url, { auth: { token: 'eve' } });
    const command = { id: 'mine', command: 'echo' };

    expect(await ann.ask('command', command)).toMatchObject({ data: { userId: 'ann' } });
    expect(await eve.ask('command', command)).toMatchObject({ data: { userId: 'eve' } });
  });

  it('with too much data are refused over Socket.IO, and the connection goes on', async () => {
    using client = await SocketClient.connect(app.url, { auth: { token: 'ann' } });

    const reply = await client.command('echo', 'x'.repeat(11_000));

    expect(reply).toMatchObject({ ok: false, error: { code: 'too_large' } });
    expect(await client.command('whoami')).toMatchObject({ ok: true });
  });

  it.each([
    ['binary data', { id: 'a', command: 'echo', data: Buffer.from('{}') }],
    ['binary within its data', { id: 'a', command: 'echo', data: { file: new Uint8Array(3) } }],
    ['binary for a command', Buffer.from('{"id":"a","command":"echo"}')],
    ['nothing for a command', undefined],
  ])('with %s are refused over Socket.IO, and the connection goes on', async (_, body) => {
    using client = await SocketClient.connect(app.url, { auth: { token: 'ann' } });

    expect(await client.ask('command', body)).toMatchObject({ ok: false, error: { code: 'bad_request' } });
    expect(await client.command('whoami')).toMatchObject({ ok: true });
  });

  describe('over HTTP', () => {
    it.each([
      ['no JSON', '{"id":', 400, 'bad_request'],
      ['empty', '', 400, 'bad_request'],
      [
        'too large',
        JSON.stringify({ id: 'a', command: 'echo', data: 'x'.repeat(200_000) }),
        413,
        'too_large',
      ],
    ])('a body that is %s is answered %i with a stable code', async (_, text, status, code) => {
      const reply = await postCommand(app.url, text, { token: 'ann' });

      expect([reply.status, reply.body.error?.code]).toEqual([status, code]);
    });

    it.each(['null', '[]', '42', '"text"'])('%s is JSON and no command', async (text) => {
      const { body } = await postCommand(app.url, text, { token: 'ann' });

      expect(body).toMatchObject({ error: { code: 'bad_request' } });
    });

    it('without a valid token is answered 401', async () => {
      const reply = await postCommand(app.url, { id: 'a', command: 'whoami' }, { token: 'nobody' });

      expect([reply.status, reply.body.error?.code]).toEqual([401, 'unauthenticated']);
    });

    it('may be about a connection of one’s own, and of nobody else', async () => {
      using ann = await SocketClient.connect(app.url, { auth: { token: 'ann' } });
      const { connection } = ann.ready;
      const command = { id: 'about', command: 'echo', connection };

      expect((await postCommand(app.url, command, { token: 'ann' })).body).toMatchObject({
        ok: true,
        data: { connection },
      });
      for (const body of [command, { ...command, connection: 'unknown' }, { ...command, connection: 7 }]) {
        const reply = await postCommand(app.url, body, { token: 'eve' });
        expect([reply.status, reply.body.error?.code]).toEqual([404, 'not_found']);
      }
    });
  });
});
