import { type CanActivate, Injectable, UseGuards } from '@nestjs/common';
import { MessageBody } from '@nestjs/websockets';
import { RealtimeError } from '@nestwire/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend.js';
import type { CommandStore } from '../../src/backend/command-store.js';
import { memoryBackend } from '../../src/backend/memory/memory-backend.js';
import { CommandDispatcher } from '../../src/commands/command-dispatcher.js';
import { CommandRegistry } from '../../src/commands/command-registry.js';
import { NodeDirectory } from '../../src/backend/node-directory.js';
import { Realtime } from '../../src/realtime.decorator.js';
import type { Session } from '../../src/sessions/session.js';
import { anybody, testApp } from './support.js';

/** Counts its runs; each waits until it is let go. */
@Injectable()
class Counter {
  runs = 0;
  open: () => void = () => undefined;
  gate = Promise.resolve();

  close(): void {
    this.gate = new Promise((resolve) => (this.open = resolve));
  }

  @Realtime({ command: 'count' })
  async count(@MessageBody() data: unknown) {
    this.runs += 1;
    const run = this.runs;
    await this.gate;
    if (data === 'fail') throw new RealtimeError('rate_limited', 'later', { retryAfterMs: 5 });
    return { run };
  }
}

const first = { id: '1', command: 'count', data: { a: 1, b: [2] } };
const session = { sid: 'S1' } as Session;

async function counting(backend: Backend = memoryBackend()) {
  const app = await testApp({ providers: [Counter], realtime: { backend } });
  return { ...app, counter: app.nest.get(Counter) };
}

/** A memory backend with another record of commands in front of its own. */
function withCommands(wrap: (store: CommandStore) => Partial<CommandStore>): Backend {
  const backend = memoryBackend();
  const { commands } = backend;
  const own: CommandStore = {
    claim: (claim) => commands.claim(claim),
    settle: (scope, id, reply) => commands.settle(scope, id, reply),
  };
  return { ...backend, commands: { ...own, ...wrap(commands) } };
}

describe('the same id', () => {
  it('with the same body gets the first reply, in whatever order the keys come', async () => {
    await using app = await counting();
    const reply = await app.dispatch(first);
    expect(reply).toEqual({ id: '1', ok: true, data: { run: 1 } });
    expect(await app.dispatch(first)).toEqual(reply);
    expect(await app.dispatch({ ...first, data: { b: [2], a: 1 } })).toEqual(reply);
    expect(app.counter.runs).toBe(1);
  });

  it.each([
    ['data', { ...first, data: { a: 1, b: ['2'] } }],
    ['order in a list', { ...first, data: { a: 1, b: { 0: 2 } } }],
    ['command', { ...first, command: 'realtime.publish' }],
  ])('with other %s is a conflict', async (_name, other) => {
    await using app = await counting();
    await app.dispatch(first);
    expect(await app.dispatch(other)).toMatchObject({ id: '1', ok: false, error: { code: 'conflict' } });
    expect(await app.dispatch(first)).toMatchObject({ ok: true });
  });

  it('waits for the first while it runs, and is a conflict with another body then too', async () => {
    await using app = await counting();
    app.counter.close();
    const replies = [app.dispatch(first), app.dispatch(first), app.dispatch(first)];
    expect(await app.dispatch({ ...first, data: null })).toMatchObject({ error: { code: 'conflict' } });
    app.counter.open();
    expect(await Promise.all(replies)).toMatchObject([
      { data: { run: 1 } },
      { data: { run: 1 } },
      { data: { run: 1 } },
    ]);
    expect(app.counter.runs).toBe(1);
  });

  it('gets the first reply where that was an error, a temporary one too', async () => {
    await using app = await counting();
    const failing = { ...first, data: 'fail' };
    const reply = await app.dispatch(failing);
    expect(reply).toMatchObject({ error: { code: 'rate_limited', temporary: true, retryAfterMs: 5 } });
    expect(await app.dispatch(failing)).toEqual(reply);
    expect(await app.dispatch({ ...failing, id: '2' })).toMatchObject({ error: { code: 'rate_limited' } });
    expect(app.counter.runs).toBe(2);
  });

  it('is another on another connection, and the same on all connections of a session', async () => {
    await using app = await counting();
    const on = (connection: string | null, sid: Session | null = null) =>
      anybody({ connection, session: sid });
    await app.dispatch(first, on('A'));
    expect(await app.dispatch(first, on('B'))).toMatchObject({ data: { run: 2 } });
    expect(await app.dispatch(first, on('A', session))).toMatchObject({ data: { run: 3 } });
    expect(await app.dispatch(first, on('B', session))).toMatchObject({ data: { run: 3 } });
    expect(await app.dispatch(first, on(null, session))).toMatchObject({ data: { run: 3 } });
  });

  it('runs again for a client without session and connection', async () => {
    await using app = await counting();
    const client = anybody({ connection: null });
    await app.dispatch(first, client);
    expect(await app.dispatch(first, client)).toMatchObject({ data: { run: 2 } });
  });

  it('runs again where the command wants no record', async () => {
    await using app = await counting();
    let runs = 0;
    app.nest
      .get(CommandRegistry, { strict: false })
      .register('free', { recorded: false, run: async () => (runs += 1) });
    await app.dispatch({ id: '1', command: 'free' });
    expect(await app.dispatch({ id: '1', command: 'free', data: 5 })).toMatchObject({ data: 2 });
  });
});

describe('nothing is recorded', () => {
  it.each([
    ['is no such command', { ...first, command: 'nothing' }],
    ['is something wrong with the data', { ...first, data: Number.NaN }],
  ])('where there %s', async (_name, raw) => {
    await using app = await counting();
    expect(await app.dispatch(raw)).toMatchObject({ id: '1', ok: false });
    expect(await app.dispatch(first)).toMatchObject({ ok: true });
  });
});

describe('a refusal by a guard', () => {
  it('is recorded', async () => {
    let asked = 0;
    class Later implements CanActivate {
      canActivate() {
        return (asked += 1) > 1;
      }
    }
    @Injectable()
    class Guarded {
      @Realtime({ command: 'guarded' })
      @UseGuards(Later)
      run() {}
    }
    await using app = await testApp({ providers: [Guarded] });
    for (let i = 0; i < 2; i += 1) {
      expect(await app.dispatch({ id: '1', command: 'guarded' })).toMatchObject({
        error: { code: 'forbidden' },
      });
    }
    expect(await app.dispatch({ id: '2', command: 'guarded' })).toMatchObject({ ok: true });
  });
});

describe('on two nodes', () => {
  it('an id that ran on one gets its reply on the other', async () => {
    const backend = memoryBackend();
    await using a = await counting(backend);
    await using b = await counting(backend);
    const reply = await a.dispatch(first);
    expect(await b.dispatch(first)).toEqual(reply);
    expect(await b.dispatch({ ...first, data: 0 })).toMatchObject({ error: { code: 'conflict' } });
    expect(b.counter.runs).toBe(0);
  });

  it('an id that runs on one is to be asked for again on the other', async () => {
    const backend = memoryBackend();
    await using a = await counting(backend);
    await using b = await counting(backend);
    a.counter.close();
    const reply = a.dispatch(first);
    await until(() => a.counter.runs === 1);
    const error = {
      code: 'unavailable',
      temporary: true,
      retryAfterMs: 1_000,
      details: { outcome: 'unknown' },
    };
    expect(await b.dispatch(first)).toMatchObject({ ok: false, error });
    a.counter.open();
    await reply;
    expect(await b.dispatch(first)).toEqual(await reply);
    expect(b.counter.runs).toBe(0);
  });

  it('an id that a dead one was running is lost for good', async () => {
    const backend = memoryBackend();
    await backend.commands.claim({
      scope: 'connection:connection-1',
      id: '1',
      digest: await digestOf(first),
      node: 'dead',
    });
    const nodes: NodeDirectory = { id: 'me', isAlive: async (node) => node !== 'dead' };
    await using app = await testApp({
      providers: [Counter],
      realtime: { backend },
      override: (builder) => builder.overrideProvider(NodeDirectory).useValue(nodes),
    });
    const error = { code: 'unavailable', temporary: false, details: { outcome: 'unknown' } };
    expect(await app.dispatch(first)).toMatchObject({ ok: false, error });
    expect(app.nest.get(Counter).runs).toBe(0);
  });
});

describe('where the record cannot be reached', () => {
  it('nothing runs, and the id can be used again', async () => {
    let away = true;
    await using app = await counting(
      withCommands((store) => ({
        claim: async (claim) => {
          if (away) throw new RealtimeError('unavailable', 'Redis is away');
          return store.claim(claim);
        },
      })),
    );
    expect(await app.dispatch(first)).toMatchObject({
      id: '1',
      error: { code: 'unavailable', temporary: true },
    });
    expect(app.counter.runs).toBe(0);
    away = false;
    expect(await app.dispatch(first)).toMatchObject({ ok: true, data: { run: 1 } });
  });

  it('an id whose claim was stored all the same runs once', async () => {
    let lost = true;
    await using app = await counting(
      withCommands((store) => ({
        claim: async (claim) => {
          const outcome = await store.claim(claim);
          if (lost) throw new RealtimeError('unavailable', 'no answer', { details: { outcome: 'unknown' } });
          return outcome;
        },
      })),
    );
    await app.dispatch(first);
    lost = false;
    expect(await app.dispatch(first)).toMatchObject({ ok: true, data: { run: 1 } });
    expect(await app.dispatch(first)).toMatchObject({ ok: true, data: { run: 1 } });
    expect(app.counter.runs).toBe(1);
  });

  it('after the run, the reply is given, and kept on this node', async () => {
    const fault = new RealtimeError('unavailable', 'Redis is away');
    await using app = await counting(withCommands(() => ({ settle: async () => Promise.reject(fault) })));
    expect(await app.dispatch(first)).toMatchObject({ ok: true, data: { run: 1 } });
    expect(await app.dispatch(first)).toMatchObject({ ok: true, data: { run: 1 } });
    expect(app.counter.runs).toBe(1);
    expect(app.logs).toContainEqual({ level: 'error', text: expect.stringContaining('Redis is away') });
  });
});

describe('a shutdown', () => {
  it('can wait until no command runs', async () => {
    await using app = await counting();
    app.counter.close();
    const reply = app.dispatch(first);
    await until(() => app.counter.runs === 1);
    let idle = false;
    const waiting = app.nest
      .get(CommandDispatcher, { strict: false })
      .idle()
      .then(() => (idle = true));
    await sleep(5);
    expect(idle).toBe(false);
    app.counter.open();
    await waiting;
    expect(await reply).toMatchObject({ ok: true });
  });
});

async function digestOf(raw: typeof first): Promise<string> {
  const { commandDigest } = await import('../../src/commands/command-digest.js');
  return commandDigest(raw);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}
