import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AddressInfo } from 'node:net';
import {
  ENHANCER_CASES,
  EnhancersModule,
  SCOPED_COMMANDS,
  ScopedGlobalModule,
  ScopedModule,
  takeTrace,
  useGlobalEnhancers,
} from '../fixtures/enhancers.app.js';

describe.each(['controller.book', 'provider.book'])('%s', (command) => {
  it.each(ENHANCER_CASES)('$title', async ({ data, reply, trace }) => {
    await using app = await started(EnhancersModule, useGlobalEnhancers);
    takeTrace();
    expect(await app.run(command, data)).toEqual(reply);
    expect(takeTrace().map((step) => step.replace(command, 'COMMAND'))).toEqual(trace);
  });
});

describe('a request-scoped guard', () => {
  it.each(SCOPED_COMMANDS.guarded)('is made for every command: %s', async (command) => {
    await using app = await started(ScopedModule);
    expect(await app.run(command, { tenant: 'other' })).toMatchObject({ error: { code: 'forbidden' } });
    expect(await app.run(command, { tenant: 'acme' })).toEqual({ ok: true, data: 'shown' });
    expect(new Set(takeTrace()).size).toBe(2);
  });

  it.each(SCOPED_COMMANDS.plain)('for the whole application is asked for %s', async (command) => {
    await using app = await started(ScopedGlobalModule);
    expect(await app.run(command, { tenant: 'other' })).toMatchObject({ error: { code: 'forbidden' } });
    expect(await app.run(command, { tenant: 'acme' })).toEqual({ ok: true, data: 'shown' });
    expect(new Set(takeTrace()).size).toBe(2);
  });
});

describe('a request-scoped host', () => {
  it.each(SCOPED_COMMANDS.scoped)(
    'shares what it injects with its guard, and with no other command: %s',
    async (command) => {
      await using app = await started(ScopedModule);
      takeTrace();
      const numbers: unknown[] = [];
      for (let i = 0; i < 2; i += 1) {
        expect(await app.run(command, { tenant: 'acme' })).toEqual({ ok: true, data: 'shown' });
        const [guard, host, ...rest] = takeTrace().map((step) => step.replace(/\D+/, ''));
        expect([host, rest]).toEqual([guard, []]);
        numbers.push(guard);
      }
      expect(numbers[0]).not.toBe(numbers[1]);
    },
  );
});

interface StartedApp extends AsyncDisposable {
  run(command: string, data: object): Promise<Record<string, unknown>>;
}

/** The application listening, and commands sent to it over HTTP as the tenant `acme`. */
async function started(module: Type, prepare?: (nest: INestApplication) => void): Promise<StartedApp> {
  const testing = await Test.createTestingModule({ imports: [module] }).compile();
  const nest = testing.createNestApplication({ logger: false });
  prepare?.(nest);
  await nest.listen(0, '127.0.0.1');
  const { port } = nest.getHttpServer().address() as AddressInfo;
  return {
    async run(command, data) {
      const response = await fetch(`http://127.0.0.1:${port}/realtime/commands`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-tenant': 'acme' },
        body: JSON.stringify({ id: crypto.randomUUID(), command, data }),
      });
      const { id: _, ...reply } = (await response.json()) as Record<string, unknown>;
      return reply;
    },
    [Symbol.asyncDispose]: () => nest.close(),
  };
}
