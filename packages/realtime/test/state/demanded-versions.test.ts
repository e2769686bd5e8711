import { COMMANDS } from '@nestwire/protocol';
import { CommandRegistry } from '../../src/commands/command-registry.js';
import type { RealtimeClient } from '../../src/sessions/identity.js';
import { RealtimeState } from '../../src/state/state.service.js';
import { Form, StateApp } from './fixtures/state-app.js';

function patchCommand(app: StateApp, data: object): Promise<unknown> {
  const client = { principal: { roles: [], claims: {} }, session: null } as unknown as RealtimeClient;
  return app
    .get(CommandRegistry)
    .find(COMMANDS.statePatch)!
    .run(client, { id: 'strict:1', ...data });
}

describe('a document that demands versions', () => {
  it.each(['express', 'fastify'] as const)('answers 428 to a PATCH without one, on %s', async (platform) => {
    await using app = await StateApp.start(platform);
    for (const headers of [undefined, { 'If-Match': '*' }]) {
      const response = await app.patch('strict:1', { qty: 1 }, headers);
      expect(response.status).toBe(428);
      expect(await response.json()).toMatchObject({
        error: { code: 'bad_request', temporary: false, details: { required: 'version' } },
      });
    }
    expect((await app.read('strict:1')).status).toBe(404);

    const made = await app.patch('strict:1', { qty: 1 }, { 'If-None-Match': '*' });
    expect(made.status).toBe(200);
    const tag = made.headers.get('etag')!;
    expect((await app.patch('strict:1', { qty: 2 }, { 'If-Match': tag })).status).toBe(200);
    expect((await app.patch('strict:1', { qty: 3 }, { 'If-Match': tag })).status).toBe(412);
  });

  it('takes commands with ifVersion, or with a version of every field that they change', async () => {
    await using app = await StateApp.start();
    const { version } = await app.get(RealtimeState).patch('strict:1', { a: 1, b: 1 });
    const refused = { code: 'bad_request', details: { required: 'version' } };
    for (const options of [{}, { ifFieldVersions: { a: version } }, { ifFieldVersions: null }]) {
      await expect(patchCommand(app, { set: { a: 2 }, del: ['b'], ...options })).rejects.toMatchObject(
        refused,
      );
    }
    const inherited = { set: { toString: 1 }, ifFieldVersions: {} };
    await expect(patchCommand(app, inherited)).rejects.toMatchObject(refused);
    await patchCommand(app, { set: { a: 2 }, ifFieldVersions: { a: version } });
    await expect(patchCommand(app, { set: { a: 3 }, ifVersion: version })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('asks nothing of who may not write at all', async () => {
    await using app = await StateApp.start();
    expect((await app.patch('strict:1', { qty: 1 }, { Authorization: 'Bearer reader' })).status).toBe(403);
  });
});

describe('a document whose policy names a class', () => {
  it('is checked over HTTP too, with the faults by field', async () => {
    await using app = await StateApp.start();
    const response = await app.patch('form:1', { qty: 'many', admin: true });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { details: { fields: object } } };
    expect(Object.keys(error.details.fields).sort()).toEqual(['admin', 'qty']);
    expect((await app.read('form:1')).status).toBe(404);
  });

  it('is reached by its class', async () => {
    await using app = await StateApp.start();
    const state = app.get(RealtimeState);
    await state.for(Form).patch('1', { qty: 1 });
    expect(await (await app.read('form:1')).json()).toEqual({ qty: 1 });
    class Stranger extends Form {}
    await expect(state.for(Stranger).get('1')).rejects.toThrow('no @RealtimeDocument has the type Stranger');
  });
});
