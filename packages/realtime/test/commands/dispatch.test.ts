import { Controller, Injectable } from '@nestjs/common';
import { ConnectedSocket, MessageBody } from '@nestjs/websockets';
import { RealtimeError } from '@nestwire/protocol';
import { EMPTY, of } from 'rxjs';
import { Realtime } from '../../src/realtime.decorator.js';
import { CurrentPrincipal } from '../../src/sessions/session.decorators.js';
import type { RealtimeClient } from '../../src/sessions/identity.js';
import type { Principal } from '../../src/sessions/principal.js';
import { anybody, testApp } from './support.js';

const STAFF: Principal = { userId: '7', roles: ['staff'], claims: {} };

@Controller('orders')
class Orders {
  @Realtime({ command: 'order.echo' })
  echo(@MessageBody() data: unknown) {
    return { data };
  }

  @Realtime({ command: 'order.part' })
  part(
    @MessageBody('sku') sku: string,
    @ConnectedSocket() client: RealtimeClient,
    @CurrentPrincipal() who: Principal,
  ) {
    return { sku, transport: client.transport, roles: who.roles };
  }

  @Realtime({ command: 'order.bare' })
  bare(client: RealtimeClient, data: unknown) {
    return { connection: client.connection, data };
  }

  @Realtime({ command: 'order.claim', roles: ['staff', 'admin'] })
  claim() {
    return 'claimed';
  }
}

@Injectable()
class Results {
  @Realtime({ command: 'result.none' })
  none() {}

  @Realtime({ command: 'result.many' })
  many() {
    return of(1, 2, 3);
  }

  @Realtime({ command: 'result.empty' })
  empty() {
    return EMPTY;
  }

  @Realtime({ command: 'result.date' })
  async date() {
    return { at: new Date(0) };
  }

  @Realtime({ command: 'result.bigint' })
  bigint() {
    return { count: 1n };
  }

  @Realtime({ command: 'result.large' })
  large() {
    return 'x'.repeat(2_000);
  }

  @Realtime({ command: 'result.refused' })
  refused() {
    throw new RealtimeError('conflict', 'sold out', { details: { left: 0 }, cause: new Error('a secret') });
  }

  @Realtime({ command: 'result.broken' })
  broken() {
    throw new Error('the password is hunter2');
  }
}

const parts = { controllers: [Orders], providers: [Results] };
const limits = { maxEventBytes: 1_000, maxNesting: 4 };

describe('a command', () => {
  it('is answered with what the handler returns', async () => {
    await using app = await testApp(parts);
    expect(await app.dispatch({ id: '1', command: 'order.echo', data: [1, { a: null }] })).toEqual({
      id: '1',
      ok: true,
      data: { data: [1, { a: null }] },
    });
  });

  it('has parameters as in a gateway', async () => {
    await using app = await testApp(parts);
    const reply = await app.run('order.part', { sku: 'A1' }, anybody({ principal: STAFF, transport: 'sse' }));
    expect(reply).toEqual({ ok: true, data: { sku: 'A1', transport: 'sse', roles: ['staff'] } });
  });

  it('gets the client and the data where no parameter is decorated', async () => {
    await using app = await testApp(parts);
    expect(await app.run('order.bare', 5)).toEqual({
      ok: true,
      data: { connection: 'connection-1', data: 5 },
    });
  });

  it.each([
    ['result.none', { ok: true }],
    ['result.many', { ok: true, data: 3 }],
    ['result.empty', { ok: true }],
    ['result.date', { ok: true, data: { at: '1970-01-01T00:00:00.000Z' } }],
  ])('%s is answered as plain JSON', async (command, expected) => {
    await using app = await testApp(parts);
    expect(await app.run(command)).toEqual(expected);
  });

  it('needs one of its roles', async () => {
    await using app = await testApp(parts);
    expect(await app.run('order.claim')).toMatchObject({
      ok: false,
      error: { code: 'forbidden', temporary: false },
    });
    expect(await app.run('order.claim', {}, anybody({ principal: STAFF }))).toEqual({
      ok: true,
      data: 'claimed',
    });
  });

  it('that does not exist is not_found', async () => {
    await using app = await testApp(parts);
    expect(await app.dispatch({ id: '1', command: 'order.nothing' })).toMatchObject({
      id: '1',
      error: { code: 'not_found' },
    });
  });

  it('realtime.heartbeat tells the time', async () => {
    await using app = await testApp(parts);
    expect(await app.run('realtime.heartbeat')).toEqual({ ok: true, data: { time: expect.any(Number) } });
  });
});

describe('what is no command', () => {
  it.each([
    ['nothing', undefined, null],
    ['a text', '{"id":"1"}', null],
    ['a list', [], null],
    ['no id', { command: 'order.echo' }, null],
    ['an id that is a number', { id: 1, command: 'order.echo' }, null],
    ['an empty id', { id: '', command: 'order.echo' }, null],
    ['an id of 65 characters', { id: 'x'.repeat(65), command: 'order.echo' }, null],
    ['an id with a line break', { id: 'a\nb', command: 'order.echo' }, null],
    ['no name', { id: '1' }, '1'],
    ['a name with a space', { id: '1', command: 'order echo' }, '1'],
    [
      'data with a prototype',
      JSON.parse('{"id":"1","command":"order.echo","data":{"a":{"__proto__":1}}}'),
      '1',
    ],
    ['data that is a date', { id: '1', command: 'order.echo', data: { at: new Date() } }, '1'],
    ['data nested too deep', { id: '1', command: 'order.echo', data: [[[[[]]]]] }, '1'],
  ])('%s is a bad_request', async (_name, raw, id) => {
    await using app = await testApp({ ...parts, realtime: { limits } });
    expect(await app.dispatch(raw)).toMatchObject({
      id,
      ok: false,
      error: { code: 'bad_request', temporary: false },
    });
  });

  it('says where the data is at fault', async () => {
    await using app = await testApp(parts);
    const { error } = await app.run('order.echo', { items: [{ price: Number.NaN }] });
    expect(error).toMatchObject({ details: { path: 'items[0].price' } });
  });
});

describe('a failure', () => {
  it('with a code reaches the client as it is, without its cause, and is logged for debugging only', async () => {
    await using app = await testApp(parts);
    const reply = await app.run('result.refused');
    expect(reply).toEqual({
      ok: false,
      error: { code: 'conflict', message: 'sold out', temporary: false, details: { left: 0 } },
    });
    expect(app.logs.filter(({ level }) => level === 'error')).toEqual([]);
    expect(app.logs).toContainEqual({
      level: 'debug',
      text: expect.stringContaining('result.refused: conflict: "sold out"'),
    });
  });

  it('of the server says nothing of the inside, and is logged with its stack', async () => {
    await using app = await testApp(parts);
    const reply = await app.run('result.broken');
    expect(reply).toMatchObject({ ok: false, error: { code: 'internal', temporary: false } });
    expect(JSON.stringify(reply)).not.toMatch(/hunter2|dispatch\.test|at /);
    const errors = app.logs.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.text).toMatch(/hunter2[^]*dispatch\.test/);
  });

  it('of the server goes to onError where there is one', async () => {
    const seen: unknown[] = [];
    await using app = await testApp({
      ...parts,
      realtime: { onError: (error, context) => seen.push([String(error), context]) },
    });
    await app.run('result.broken');
    expect(seen).toEqual([
      ['Error: the password is hunter2', { during: 'command', command: 'result.broken' }],
    ]);
    expect(app.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is a result that is no JSON', async () => {
    await using app = await testApp(parts);
    expect(await app.run('result.bigint')).toMatchObject({ ok: false, error: { code: 'internal' } });
  });

  it('is a result over the limit', async () => {
    await using app = await testApp({ ...parts, realtime: { limits } });
    expect(await app.run('result.large')).toMatchObject({ ok: false, error: { code: 'too_large' } });
  });
});
