import { Controller, Inject, Injectable, Scope } from '@nestjs/common';
import {
  type ContextId,
  ContextIdFactory,
  type ContextIdStrategy,
  type HostComponentInfo,
  REQUEST,
} from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import type { CommandRequest } from '../../src/commands/command-context.js';
import { Realtime } from '../../src/realtime.decorator.js';
import { anybody, testApp } from './support.js';

function of(tenant: string) {
  return anybody({ request: { headers: { 'x-tenant': tenant } } as unknown as IncomingMessage });
}

@Controller({ path: 'requests', scope: Scope.REQUEST })
class Requests {
  constructor(@Inject(REQUEST) private readonly request: CommandRequest) {}

  @Realtime({ command: 'request.show' })
  show() {
    const { client, command, data, headers } = this.request;
    return { connection: client.connection, command, data, tenant: headers['x-tenant'] };
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  private runs = 0;

  @Realtime({ command: 'transient.count' })
  count() {
    return (this.runs += 1);
  }
}

@Injectable({ scope: Scope.REQUEST })
class Broken {
  constructor() {
    throw new Error('hunter2');
  }

  @Realtime({ command: 'broken.run' })
  run() {}
}

describe('a request-scoped host', () => {
  it('can inject the command as REQUEST', async () => {
    await using app = await testApp({ controllers: [Requests] });
    expect(await app.run('request.show', { a: 1 }, of('acme'))).toEqual({
      ok: true,
      data: { connection: 'connection-1', command: 'request.show', data: { a: 1 }, tenant: 'acme' },
    });
  });

  it('that cannot be made is a fault of the server', async () => {
    await using app = await testApp({ providers: [Broken] });
    const reply = await app.run('broken.run');
    expect(reply).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(JSON.stringify(reply)).not.toContain('hunter2');
    expect(app.logs).toContainEqual({ level: 'error', text: expect.stringContaining('hunter2') });
  });
});

describe('a transient host', () => {
  it('is made for every command', async () => {
    await using app = await testApp({ providers: [Transient] });
    expect(await app.run('transient.count')).toEqual({ ok: true, data: 1 });
    expect(await app.run('transient.count')).toEqual({ ok: true, data: 1 });
  });
});

describe('a durable host', () => {
  const tenants = new Map<string, ContextId>();

  /** As in Nest's documentation, by a header. */
  class ByTenant implements ContextIdStrategy {
    attach(contextId: ContextId, request: { headers: Record<string, string> }) {
      const tenant = request.headers['x-tenant']!;
      const shared = tenants.get(tenant) ?? ContextIdFactory.create();
      tenants.set(tenant, shared);
      return {
        payload: { tenant },
        resolve: ({ isTreeDurable }: HostComponentInfo) => (isTreeDurable ? shared : contextId),
      };
    }
  }

  @Injectable({ scope: Scope.REQUEST, durable: true })
  class Durable {
    private runs = 0;

    constructor(@Inject(REQUEST) private readonly payload: { tenant: string }) {}

    @Realtime({ command: 'durable.count' })
    count() {
      return [this.payload.tenant, (this.runs += 1)];
    }
  }

  afterEach(() => ContextIdFactory.apply(undefined as unknown as ContextIdStrategy));

  it('is shared by the commands of a tenant', async () => {
    ContextIdFactory.apply(new ByTenant());
    await using app = await testApp({ providers: [Durable] });
    const count = async (tenant: string) => (await app.run('durable.count', null, of(tenant)))['data'];
    expect([await count('a'), await count('a'), await count('b')]).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 1],
    ]);
  });
});
