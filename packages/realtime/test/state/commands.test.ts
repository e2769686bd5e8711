import { CommandRegistry } from '../../src/commands/command-registry.js';
import type { RealtimeClient } from '../../src/sessions/identity.js';
import { RealtimeState } from '../../src/state/state.service.js';
import { StateApp } from './fixtures/state-app.js';

function run(app: StateApp, command: string, data: unknown, userId?: string): Promise<unknown> {
  const client = { principal: { userId, roles: [], claims: {} }, session: null } as unknown as RealtimeClient;
  return app.get(CommandRegistry).find(command)!.run(client, data);
}

describe('the commands of documents', () => {
  it('realtime.state.patch sets and removes, realtime.state.get reads all or some fields', async () => {
    await using app = await StateApp.start();
    await run(app, 'realtime.state.patch', { id: 'cart:1', set: { qty: 3, note: 'x' } });
    const patched = await run(app, 'realtime.state.patch', {
      id: 'cart:1',
      set: { color: 'red' },
      del: ['note'],
    });
    const { version } = (await app.get(RealtimeState).get('cart:1'))!;
    expect(patched).toEqual({ version, changed: true });
    expect(await run(app, 'realtime.state.get', { id: 'cart:1' })).toMatchObject({
      id: 'cart:1',
      version,
      fields: { qty: 3, color: 'red' },
      fieldVersions: { color: version },
    });
    expect(await run(app, 'realtime.state.get', { id: 'cart:1', fields: ['qty', 'note'] })).toMatchObject({
      fields: { qty: 3 },
    });
  });

  it('a missing document is not_found', async () => {
    await using app = await StateApp.start();
    await expect(run(app, 'realtime.state.get', { id: 'cart:1' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('a conflict shows the current version and fields, but only to who may read', async () => {
    await using app = await StateApp.start();
    const { version } = await app.get(RealtimeState).patch('cart:1', { qty: 3 });
    const late = { id: 'cart:1', set: { qty: 4 }, ifVersion: null };
    const details = { version, fields: { qty: { value: 3, version } } };
    await expect(run(app, 'realtime.state.patch', late)).rejects.toMatchObject({ code: 'conflict', details });
    await expect(run(app, 'realtime.state.patch', late, 'writer')).rejects.toMatchObject({
      code: 'conflict',
      details: { version, fields: {} },
    });
    const guard = { id: 'cart:1', set: { note: 'x' }, ifFieldVersions: { qty: null } };
    await expect(run(app, 'realtime.state.patch', guard)).rejects.toMatchObject({ details });
  });

  it('each may do what the document’s policy opens to them', async () => {
    await using app = await StateApp.start();
    const patch = { id: 'cart:1', set: { qty: 3 } };
    await expect(run(app, 'realtime.state.patch', patch, 'reader')).rejects.toMatchObject({
      code: 'forbidden',
    });
    await run(app, 'realtime.state.patch', patch, 'writer');
    await expect(run(app, 'realtime.state.get', { id: 'cart:1' }, 'writer')).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(run(app, 'realtime.state.get', { id: 'secret:1' })).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('the policy is told every field that is set or removed', async () => {
    await using app = await StateApp.start();
    for (const change of [{ set: { price: 1 } }, { set: { qty: 3 }, del: ['price'] }]) {
      await expect(run(app, 'realtime.state.patch', { id: 'cart:1', ...change })).rejects.toMatchObject({
        code: 'forbidden',
      });
    }
    expect(await app.get(RealtimeState).get('cart:1')).toBeUndefined();
  });

  it.each([
    ['no data', undefined],
    ['an array', []],
    ['no id', { set: { qty: 3 } }],
    ['an id that cannot be', { id: 'a b', set: { qty: 3 } }],
    ['a misspelt key', { id: 'cart:1', set: { qty: 3 }, ifversion: null }],
    ['set that is null', { id: 'cart:1', set: null }],
    ['set that is an array', { id: 'cart:1', set: [1] }],
    ['del that is text', { id: 'cart:1', del: 'qty' }],
    ['__proto__ as a field', { id: 'cart:1', set: JSON.parse('{"__proto__":{"a":1}}') as unknown }],
    ['a version that is a number', { id: 'cart:1', set: { qty: 3 }, ifVersion: 1 }],
    ['a version of no field', { id: 'cart:1', set: { qty: 3 }, ifFieldVersions: { qty: -1 } }],
  ])('a patch with %s is a bad_request', async (_, data) => {
    await using app = await StateApp.start();
    await expect(run(app, 'realtime.state.patch', data)).rejects.toMatchObject({ code: 'bad_request' });
    expect(await app.get(RealtimeState).get('cart:1')).toBeUndefined();
  });

  it.each([
    null,
    { id: 'cart:1', fields: 'qty' },
    { id: 'cart:1', fields: [1] },
    { id: 7 },
    { id: 'cart:1', x: 1 },
  ])('a get with %j is a bad_request', async (data) => {
    await using app = await StateApp.start();
    await expect(run(app, 'realtime.state.get', data)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('a patch is recorded by its id, a get is not', async () => {
    await using app = await StateApp.start();
    const registry = app.get(CommandRegistry);
    expect(registry.find('realtime.state.get')?.recorded).toBe(false);
    expect(registry.find('realtime.state.patch')?.recorded).not.toBe(false);
  });
});
