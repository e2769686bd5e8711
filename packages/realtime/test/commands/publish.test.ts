import {
  Body,
  type CallHandler,
  Controller,
  Delete,
  type ExecutionContext,
  Get,
  HttpCode,
  Injectable,
  type NestInterceptor,
  Param,
  Patch,
  Post,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import { EventPattern, Payload, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { MessageBody } from '@nestjs/websockets';
import { RealtimeError } from '@nestwire/protocol';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { map, of } from 'rxjs';
import type { Backend } from '../../src/backend/backend.js';
import type { EventLog } from '../../src/backend/event-log.js';
import { memoryBackend } from '../../src/backend/memory/memory-backend.js';
import { BroadcastQueue } from '../../src/commands/broadcast-queue.js';
import { Realtime } from '../../src/realtime.decorator.js';
import type { RealtimeModuleOptions } from '../../src/realtime.options.js';
import { anybody, testApp } from './support.js';

@Injectable()
class Wrap implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((result: unknown) => ({ wrapped: result })));
  }
}

@Controller('orders')
class Orders {
  @Patch(':id')
  @Realtime({ channel: 'orders:{result.region}', event: 'order.updated' })
  update(@Param('id') id: string, @Body() body: { region: string }) {
    return { id, ...body };
  }

  @Post()
  @Realtime({
    channel: ({ body, query }) => [`orders:${body.region}`, `audit:${String(query['by'])}`],
    event: 'order.placed',
    data: ({ id }: { id: number }, { params }) => ({ id, params }),
    idempotencyKey: 'place:{body.key}',
    correlationId: ({ execution }) => execution.switchToHttp().getRequest().headers['x-request-id'],
    ttlMs: 60_000,
    forRoles: ['staff'],
  })
  place(@Query('by') _by: string, @Body() body: object) {
    return { id: 9, ...body };
  }

  @Delete(':id')
  @HttpCode(204)
  @Realtime({ channel: 'orders:{params.id}', event: 'order.deleted' })
  remove() {}

  @Get('stream')
  @Realtime({ channel: 'orders', event: 'order.streamed' })
  stream() {
    return of(1, 2, 3);
  }

  @Get('broken')
  @Realtime({ channel: 'orders', event: 'order.broken' })
  broken() {
    throw new Error('hunter2');
  }

  @Get('inner')
  @Realtime({ channel: 'orders', event: 'order.inner' })
  @UseInterceptors(Wrap)
  inner() {
    return 'result';
  }

  @Get('outer')
  @UseInterceptors(Wrap)
  @Realtime({ channel: 'orders', event: 'order.outer' })
  outer() {
    return 'result';
  }

  @Patch(':id/required')
  @Realtime({ channel: 'orders:{body.region}', event: 'order.updated', required: true })
  insist(@Body() body: object) {
    return body;
  }
}

@Injectable()
class Commands {
  @Realtime({ command: 'order.claim', channel: 'orders:{body.region}', event: 'order.claimed' })
  claim(@MessageBody() body: object) {
    return { claimed: body };
  }

  @Realtime({
    command: 'order.insist',
    channel: 'users:{principal.userId}',
    event: 'order.claimed',
    required: true,
  })
  insist() {
    return of('a', 'b');
  }
}

@Controller()
class Messages {
  @EventPattern('order.shipped')
  @Realtime({ channel: 'orders:{body.region}', event: 'order.shipped', idempotencyKey: '{body.id}' })
  shipped(@Payload() order: { id: number }) {
    return order.id;
  }
}

/** Hands messages to Nest's microservices without a broker in between. */
class InProcess extends Server implements CustomTransportStrategy {
  listen(callback: () => void) {
    callback();
  }
  close() {}
  on() {}
  unwrap<T>() {
    return this as unknown as T;
  }
  async deliver(pattern: string, data: unknown) {
    await this.handleEvent(pattern, { pattern, data }, { getPattern: () => pattern } as never);
  }
}

async function orders(realtime: RealtimeModuleOptions & { backend?: Backend } = {}) {
  const backend = realtime.backend ?? memoryBackend();
  const broker = new InProcess();
  const app = await testApp({
    controllers: [Orders, Messages],
    providers: [Commands],
    realtime: { ...realtime, backend },
    prepare: (nest) => nest.connectMicroservice({ strategy: broker }, { inheritAppConfig: true }),
  });
  await app.nest.startAllMicroservices();
  await app.nest.listen(0, '127.0.0.1');
  const { port } = app.nest.getHttpServer().address() as AddressInfo;
  const queue = app.nest.get(BroadcastQueue);
  return {
    ...app,
    broker,
    queue,
    async request(method: string, path: string, body?: object) {
      const response = await fetch(`http://127.0.0.1:${port}/orders${path}`, {
        method,
        headers: { 'content-type': 'application/json', 'x-request-id': 'r-1' },
        body: body && JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
    },
    /** What a channel holds once nothing is waiting. */
    async events(channel: string) {
      await queue.pending();
      const history = { size: 1_000, ttlMs: 30_000 };
      const end = await backend.log.end(channel, history);
      const start = { ...end, offset: 0, tag: 0 };
      const page = await backend.log.read(channel, start, history, { count: 100 });
      return page.gap === undefined ? page.entries : [];
    },
  };
}

/** A memory backend whose log fails so many times, or always, before or after it has stored. */
function failing(times: number, error: unknown, stored = false): Backend & { tries: number } {
  const backend = memoryBackend();
  const log: EventLog = Object.create(backend.log);
  const result = { ...backend, log, tries: 0 };
  log.append = async (...args) => {
    result.tries += 1;
    if (stored || result.tries > times) await backend.log.append(...args);
    if (result.tries <= times) throw error;
    return backend.log.append(...args);
  };
  return result;
}

const away = new RealtimeError('unavailable', 'Redis is away', { details: { outcome: 'unknown' } });

describe('a result is published', () => {
  it('of a route, to the channel that its template names', async () => {
    await using app = await orders();
    expect(await app.request('PATCH', '/7', { region: 'eu' })).toEqual({
      status: 200,
      body: { id: '7', region: 'eu' },
    });
    expect(await app.events('orders:eu')).toMatchObject([
      { event: 'order.updated', data: '{"id":"7","region":"eu"}', offset: 1 },
    ]);
  });

  it('with everything that the decorator says', async () => {
    await using app = await orders();
    await app.request('POST', '?by=ann', { region: 'eu', key: 'k1' });
    await app.request('POST', '?by=ann', { region: 'eu', key: 'k1' });
    for (const channel of ['orders:eu', 'audit:ann']) {
      const [entry, ...rest] = await app.events(channel);
      expect(entry).toMatchObject({ data: '{"id":9,"params":{}}', roles: ['staff'], correlationId: 'r-1' });
      expect(entry?.expiresAt).toBeGreaterThan(Date.now());
      expect(rest).toEqual([]);
    }
  });

  it('as null where there is none', async () => {
    await using app = await orders();
    expect(await app.request('DELETE', '/7')).toMatchObject({ status: 204 });
    expect(await app.events('orders:7')).toMatchObject([{ event: 'order.deleted', data: 'null' }]);
  });

  it('of an Observable: the last value', async () => {
    await using app = await orders();
    expect(await app.request('GET', '/stream')).toEqual({ status: 200, body: 3 });
    expect(await app.events('orders')).toMatchObject([{ data: '3' }]);
  });

  it('as interceptors above the decorator leave it', async () => {
    await using app = await orders();
    expect((await app.request('GET', '/inner')).body).toEqual({ wrapped: 'result' });
    expect((await app.request('GET', '/outer')).body).toEqual({ wrapped: 'result' });
    expect(await app.events('orders')).toMatchObject([
      { data: '"result"' },
      { data: '{"wrapped":"result"}' },
    ]);
  });

  it('of a command', async () => {
    await using app = await orders();
    const body = { region: 'eu' };
    expect(await app.run('order.claim', body)).toEqual({ ok: true, data: { claimed: body } });
    expect(await app.events('orders:eu')).toMatchObject([
      { event: 'order.claimed', data: '{"claimed":{"region":"eu"}}' },
    ]);
  });

  it('of a message, once however often it is delivered', async () => {
    await using app = await orders();
    await app.broker.deliver('order.shipped', { id: 5, region: 'eu' });
    await app.broker.deliver('order.shipped', { id: 5, region: 'eu' });
    await app.broker.deliver('order.shipped', { id: 6, region: 'eu' });
    // Nest does not wait for the handler of an event.
    while ((await app.events('orders:eu')).length < 2) await sleep(1);
    expect(await app.events('orders:eu')).toMatchObject([{ data: '5' }, { data: '6' }]);
  });

  it('not at all where the handler fails', async () => {
    await using app = await orders();
    expect(await app.request('GET', '/broken')).toMatchObject({ status: 500 });
    expect(await app.events('orders')).toEqual([]);
  });
});

describe('a broadcast that fails', () => {
  function reported() {
    const errors: unknown[] = [];
    return { errors, onError: (error: unknown, context: object) => errors.push([String(error), context]) };
  }

  it('leaves the result as it is, and is tried again as the same operation', async () => {
    const { errors, onError } = reported();
    const backend = failing(2, away, true);
    await using app = await orders({ backend, onError });
    expect(await app.request('PATCH', '/7', { region: 'eu' })).toMatchObject({ status: 200 });
    expect(await app.events('orders:eu')).toHaveLength(1);
    expect(backend.tries).toBe(3);
    expect(errors).toEqual([]);
  });

  it('goes to onError after three times', async () => {
    const { errors, onError } = reported();
    const backend = failing(Infinity, away);
    await using app = await orders({ backend, onError });
    expect(await app.request('PATCH', '/7', { region: 'eu' })).toMatchObject({ status: 200 });
    await app.queue.pending();
    expect(backend.tries).toBe(3);
    const context = { during: 'broadcast', channel: 'orders:eu', event: 'order.updated' };
    expect(errors).toEqual([['RealtimeError: Redis is away', context]]);
  });

  it('is not tried again where that cannot help', async () => {
    const { errors, onError } = reported();
    const backend = failing(Infinity, new RealtimeError('too_large', 'too large'));
    await using app = await orders({ backend, onError });
    await app.request('PATCH', '/7', { region: 'eu' });
    await app.queue.pending();
    expect([backend.tries, errors.length]).toEqual([1, 1]);
  });

  it.each([{ region: 'eu:secret' }, { region: 'eu/secret' }, { region: '' }, {}, { region: { x: 1 } }])(
    'is one to a channel that the template cannot name: %j',
    async (body) => {
      const { errors, onError } = reported();
      await using app = await orders({ onError });
      expect(await app.request('PATCH', '/7', body)).toMatchObject({ status: 200 });
      await app.queue.pending();
      expect(errors).toEqual([
        [
          expect.stringContaining('{result.region} of "orders:{result.region}"'),
          { during: 'broadcast', event: 'order.updated' },
        ],
      ]);
    },
  );

  it('is one too many where ten thousand are waiting', async () => {
    const { errors, onError } = reported();
    await using app = await orders({ onError });
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    for (let i = 0; i <= 10_000; i += 1) app.queue.add(() => gate, { during: 'broadcast', event: `e${i}` });
    expect(errors).toEqual([
      [expect.stringContaining('10000 broadcasts are waiting'), { during: 'broadcast', event: 'e10000' }],
    ]);
    open();
    await app.queue.pending();
  });

  it('is waited for by a shutdown', async () => {
    const backend = failing(2, away);
    const app = await orders({ backend });
    await app.request('PATCH', '/7', { region: 'eu' });
    await app.nest.close();
    expect(backend.tries).toBe(3);
  });
});

describe('a required broadcast', () => {
  it('is done before the answer', async () => {
    await using app = await orders();
    const reply = await app.run(
      'order.insist',
      null,
      anybody({ principal: { userId: '42', roles: [], claims: {} } }),
    );
    expect(reply).toEqual({ ok: true, data: 'b' });
    expect(await app.events('users:42')).toMatchObject([{ data: '"b"' }]);
  });

  it('fails a route with 503 and the error', async () => {
    const backend = failing(Infinity, away);
    await using app = await orders({ backend });
    expect(await app.request('PATCH', '/7/required', { region: 'eu' })).toEqual({
      status: 503,
      body: expect.objectContaining({ error: away.toBody() }),
    });
    expect(backend.tries).toBe(3);
  });

  it('fails a route with 400 where the template has no value', async () => {
    await using app = await orders();
    const { status, body } = await app.request('PATCH', '/7/required', { region: 'a:b' });
    expect([status, body]).toMatchObject([400, { error: { code: 'bad_request' } }]);
  });

  it('hides what it failed of, where that is not ours', async () => {
    await using app = await orders({ backend: failing(Infinity, new Error('hunter2')) });
    const { status, body } = await app.request('PATCH', '/7/required', { region: 'eu' });
    expect([status, body]).toMatchObject([
      503,
      { error: { code: 'unavailable', details: { outcome: 'unknown' } } },
    ]);
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  it('fails a command', async () => {
    await using app = await orders({ backend: failing(Infinity, away) });
    const client = anybody({ principal: { userId: '42', roles: [], claims: {} } });
    expect(await app.run('order.insist', null, client)).toEqual({ ok: false, error: away.toBody() });
  });
});
