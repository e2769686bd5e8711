import { Body, Controller, Get, Injectable, Param, Patch, UseFilters, UseGuards } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { ErrorCode } from '@nestwire/protocol';
import {
  Realtime,
  RealtimeError,
  RealtimeExceptionFilter,
  RealtimeMetrics,
  RealtimeState,
  SessionGuard,
} from '../../src/index.js';
import { valuesOf } from '../observability/support.js';
import { postCommand } from '../support/commands.js';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

function fail(code: ErrorCode): never {
  throw new RealtimeError(code, 'not like this', { retryAfterMs: 1_500, details: { why: 'so' } });
}

@Injectable()
abstract class Routes {
  constructor(private readonly state: RealtimeState) {}

  @Get('fail/:code')
  fail(@Param('code') code: ErrorCode) {
    fail(code);
  }

  @Get('guarded')
  @UseGuards(SessionGuard)
  guarded() {
    return 'in';
  }

  @Patch('carts/:id')
  change(@Param('id') id: string, @Body() { version }: { version: string }) {
    return this.state.patch(`cart:${id}`, { qty: 1 }, { ifVersion: version });
  }
}

@Controller('own')
@UseFilters(RealtimeExceptionFilter)
class OwnController extends Routes {}

@Controller('bare')
class BareController extends Routes {}

@Injectable()
@UseFilters(RealtimeExceptionFilter)
class OwnCommands {
  @Realtime({ command: 'own.fail' })
  run() {
    fail('forbidden');
  }
}

@WebSocketGateway({ namespace: 'own' })
@UseFilters(RealtimeExceptionFilter)
class OwnGateway {
  @SubscribeMessage('fail')
  run() {
    fail('forbidden');
  }

  @SubscribeMessage('guarded')
  @UseGuards(SessionGuard)
  guarded() {
    return 'in';
  }
}

const ERROR = { message: 'not like this', retryAfterMs: 1_500, details: { why: 'so' } };

describe.each(['express', 'fastify'] as const)(
  'a RealtimeError of the application’s own, on %s',
  (adapter) => {
    let app: RunningApp;

    beforeAll(async () => {
      app = await startApp({
        adapter,
        controllers: [OwnController, BareController],
        providers: [OwnCommands, OwnGateway],
      });
    });

    afterAll(() => app.close());

    const patch = (path: string, version: string) =>
      fetch(app.url + path, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ version }),
      });
    const refusals = async () =>
      valuesOf(
        (await app.nest.get(RealtimeMetrics, { strict: false }).text()).body,
        'nestwire_refusals_total',
      )['code="unauthenticated"']!;

    it.each([
      ['unauthenticated', 401],
      ['forbidden', 403],
      ['conflict', 409],
      ['rate_limited', 429],
      ['unavailable', 503],
    ] as const)('%s is answered with %i, the whole error, and when to try again', async (code, status) => {
      const answer = await fetch(`${app.url}/own/fail/${code}`);

      expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, '2']);
      expect(await answer.json()).toEqual({
        statusCode: status,
        message: 'not like this',
        error: expect.objectContaining({ code, ...ERROR }),
      });
    });

    it('a precondition that does not hold is 412, with the filter and without', async () => {
      await app.state.patch('cart:a', { qty: 0 });
      const { version } = (await app.state.get('cart:a'))!;
      const stale = `${version}0`;
      const answer = await patch('/own/carts/a', stale);

      expect(answer.status).toBe(412);
      expect(await answer.json()).toMatchObject({ error: { code: 'conflict', details: { version } } });
      expect((await patch('/bare/carts/a', stale)).status).toBe(412);
    });

    it('reaches a gateway’s client as an exception, and a command’s as its reply', async () => {
      using client = await SocketClient.connect(app.url, {});
      const gateway = new SocketClient(app.url, { namespace: '/own' });
      const told = new Promise((resolve) => gateway.io.once('exception', resolve));
      gateway.io.emit('fail', {});

      expect(await told).toMatchObject({ code: 'forbidden', ...ERROR });
      gateway[Symbol.dispose]();
      expect(await client.command('own.fail')).toMatchObject({
        ok: false,
        error: { code: 'forbidden', ...ERROR },
      });
      const posted = await postCommand(app.url, { id: 'a', command: 'own.fail' });
      expect(posted.body).toMatchObject({ ok: false, error: { code: 'forbidden', ...ERROR } });
    });

    it('is counted where a guard of ours has refused, over HTTP and in gateways', async () => {
      const before = await refusals();
      expect((await fetch(`${app.url}/own/guarded`)).status).toBe(401);
      using gateway = new SocketClient(app.url, { namespace: '/own' });
      const told = new Promise((resolve) => gateway.io.once('exception', resolve));
      gateway.io.emit('guarded', {});

      expect(await told).toMatchObject({ code: 'unauthenticated' });
      expect(await refusals()).toBe(before + 2);
    });

    it('is no fault of the server in its log, unless it is one', async () => {
      const errors = () =>
        app.logs.filter((line) => line.startsWith('error') && line.includes('not like this'));
      await patch('/own/carts/a', 'x');
      expect(errors()).toEqual([]);
      expect((await fetch(`${app.url}/own/fail/internal`)).status).toBe(500);
      expect(errors()).toHaveLength(1);
    });
  },
);
