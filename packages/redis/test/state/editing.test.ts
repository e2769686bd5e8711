import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type RedisServer, startRedis } from '@nestwire/harness';
import { redisBackend } from '@nestwire/redis';
import {
  type DocumentPolicy,
  RealtimeDocument,
  RealtimeModule,
  RealtimeState,
  VersionConflictError,
} from '@nestwire/realtime';
import { IsInt, IsOptional, IsString } from 'class-validator';
import { count } from '../support/observed.js';

class Open implements DocumentPolicy {
  canRead = () => true;
  canWrite = () => true;
}

@RealtimeDocument('plain:{id}')
class PlainDocuments extends Open {}

/** Windows that end by what is asked for, or by the end of the application. */
@RealtimeDocument('gathered:{id}', { coalesceMs: 200 })
class GatheredDocuments extends Open {}

@RealtimeDocument('endless:{id}', { coalesceMs: 60_000 })
class EndlessDocuments extends Open {}

@RealtimeDocument('strict:{id}', { requireVersion: true })
class StrictDocuments extends Open {}

class Form {
  @IsInt() qty!: number;
  @IsOptional() @IsString() note?: string;
}

@RealtimeDocument('form:{id}', { type: Form, coalesceMs: 20 })
class FormDocuments extends Open {}

describe('documents on Redis', () => {
  let redis: RedisServer;
  let app: INestApplication;
  let state: RealtimeState;
  let url: string;
  let id = 0;

  const start = async (): Promise<INestApplication> => {
    const policies = [PlainDocuments, GatheredDocuments, EndlessDocuments, StrictDocuments, FormDocuments];
    const backend = redisBackend({ url: redis.url });
    const imports = [RealtimeModule.forRoot({ backend }), RealtimeModule.forFeature(policies)];
    const module = await Test.createTestingModule({ imports }).compile();
    const started = module.createNestApplication({ logger: false });
    await started.listen(0, '127.0.0.1');
    return started;
  };

  beforeAll(async () => {
    redis = await startRedis();
    app = await start();
    state = app.get(RealtimeState);
    url = await app.getUrl();
    await state.patch('plain:warm', { a: 1 });
  });

  beforeEach(() => {
    id += 1;
  });

  afterAll(async () => {
    await app.close();
    await redis[Symbol.asyncDispose]();
  });

  const offsetOf = ({ version }: { version: string }) => Number(version.split('-')[1]);
  const fieldsOf = async (document: string) => (await state.get(document))?.fields;

  describe('gathered in a window', () => {
    it('are one commit and one version', async () => {
      const counted = await count(redis.port);
      const results = await Promise.all([
        ...['h', 'he', 'hey'].map((text) => state.patch(`gathered:${id}`, { text, old: 1 })),
        state.patch(`gathered:${id}`, {}, { remove: ['old'] }),
        state.patch(`gathered:${id}`, { qty: 1 }, { ifFieldVersions: { qty: null } }),
      ]);
      // Nobody else publishes; the node has calls of its own.
      expect((await counted()).calls['publish']).toBe(1);
      expect(results.map(offsetOf)).toEqual([1, 1, 1, 1, 1]);
      expect(await fieldsOf(`gathered:${id}`)).toEqual({ text: 'hey', qty: 1 });
    });

    it('tell a conflict to its own caller, and commit the others', async () => {
      const document = `gathered:${id}`;
      const { version } = await state.patch(document, { a: 1, b: 1 }, { ifVersion: null });
      const [strict, stale, checked, free] = await Promise.allSettled([
        state.patch(document, { a: 9 }, { ifVersion: null }),
        state.patch(document, { b: 9 }, { ifFieldVersions: { b: null } }),
        state.patch(document, { c: 1 }, { ifFieldVersions: { a: version } }),
        state.patch(document, { d: 1 }),
      ]);
      expect([strict, stale].map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      const refused = (stale as PromiseRejectedResult).reason as VersionConflictError;
      expect(refused).toBeInstanceOf(VersionConflictError);
      expect(refused.fields).toEqual({ b: { value: 1, version } });
      expect([checked, free].map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
      expect(await state.get(document)).toMatchObject({ fields: { a: 1, b: 1, c: 1, d: 1 } });
      expect(offsetOf((await state.get(document))!)).toBe(2);
    });

    it('are committed when the node ends', async () => {
      const node = await start();
      const patches = ['a', 'b'].map((name) => node.get(RealtimeState).patch(`endless:${id}`, { [name]: 1 }));
      await node.close();
      expect((await Promise.all(patches)).map(offsetOf)).toEqual([1, 1]);
      expect(await fieldsOf(`endless:${id}`)).toEqual({ a: 1, b: 1 });
    });
  });

  describe('over HTTP', () => {
    const patch = (document: string, body: object, headers: Record<string, string> = {}) =>
      fetch(`${url}/realtime/state/${document}`, {
        method: 'PATCH',
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/merge-patch+json', ...headers },
      });

    it('that demand a version answer 428 without one, 412 to another, and commit at theirs', async () => {
      const document = `strict:${id}`;
      expect((await patch(document, { a: 1 })).status).toBe(428);
      expect((await patch(document, { a: 1 }, { 'If-Match': '*' })).status).toBe(428);
      expect(await state.get(document)).toBeUndefined();
      const made = await patch(document, { a: 1 }, { 'If-None-Match': '*' });
      const tag = made.headers.get('etag')!;
      expect([made.status, tag]).toEqual([200, `"${(await state.get(document))!.version}"`]);
      expect((await patch(document, { a: 2 }, { 'If-None-Match': '*' })).status).toBe(412);
      expect((await patch(document, { a: { b: 3 } }, { 'If-Match': tag })).status).toBe(200);
      const late = await patch(document, { a: 4 }, { 'If-Match': tag });
      expect([late.status, await late.json()]).toMatchObject([
        412,
        { error: { code: 'conflict', details: { fields: { a: { value: { b: 3 } } } } } },
      ]);
    });

    it('that must exist are not made', async () => {
      const document = `plain:${id}`;
      const any = { 'If-Match': '*' };
      expect((await patch(document, { a: 1 }, any)).status).toBe(412);
      await expect(state.patch(document, { a: 1 }, { ifExists: true })).rejects.toMatchObject({
        code: 'conflict',
        exists: false,
      });
      expect(await state.get(document)).toBeUndefined();
      await state.patch(document, { a: 1 });
      expect((await patch(document, { b: { c: 1 } }, any)).status).toBe(200);
      await state.delete(document);
      expect((await patch(document, { b: 2 }, any)).status).toBe(412);
      expect(await state.get(document)).toBeUndefined();
    });
  });

  it('with a class begin with all that they need, whoever asks at the same time', async () => {
    const forms = state.for(Form);
    const [note, all] = await Promise.allSettled([
      forms.patch(id, { note: 'early' }),
      forms.patch(id, { qty: 1 }),
    ]);
    expect([note.status, all.status]).toEqual(['rejected', 'fulfilled']);
    expect((note as PromiseRejectedResult).reason).toMatchObject({
      code: 'bad_request',
      details: { fields: { qty: expect.any(Array) as unknown } },
    });
    await forms.patch(id, { note: 'x' });
    expect(await fieldsOf(`form:${id}`)).toEqual({ qty: 1, note: 'x' });
  });

  it('of more fields than one patch may name are updated, replaced and deleted', async () => {
    const document = `plain:${id}`;
    const fields = (from: number) =>
      Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`field${from + index}`, 1]));
    for (const from of [0, 900, 1_800]) await state.patch(document, fields(from));
    await state.update<Record<string, number>>(document, (draft) => {
      draft['sum'] = Object.values(draft).reduce((sum, value) => sum + value);
    });
    expect((await state.get(document, ['sum']))!.fields).toEqual({ sum: 2_700 });
    const { version } = await state.replace(document, { ...fields(0), more: 1 });
    expect(await state.get(document)).toMatchObject({ version, fields: { ...fields(0), more: 1 } });
    await state.delete(document);
    expect(await state.get(document)).toBeUndefined();
  });

  it('are changed by a patch of many alone where one in the middle is a conflict', async () => {
    const [first, second, third] = ['a', 'b', 'c'].map((name) => `plain:${id}${name}`);
    const { version } = await state.patch(second!, { n: 1 });
    const outcomes = await state.patchMany([
      { id: first!, changes: { n: 1 } },
      { id: second!, changes: { n: 2 }, ifVersion: null },
      { id: third!, changes: { n: 3 } },
    ]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(outcomes[1]).toMatchObject({ error: { version, fields: { n: { value: 1, version } } } });
    expect((await state.get(second!))!.version).toBe(version);
  });

  it('keep a number that cannot be incremented, and make no version of what changes nothing', async () => {
    const document = `plain:${id}`;
    const { version } = await state.patch(document, { n: Number.MAX_SAFE_INTEGER, text: '1', none: null });
    for (const [field, by] of [['n', 1] as const, ['text', 1] as const, ['none', 1] as const])
      await expect(state.increment(document, field, by)).rejects.toMatchObject({ code: 'bad_request' });
    expect(await state.patch(document, { text: '1' }, { remove: ['nothing'] })).toEqual({
      version,
      changed: false,
    });
    expect(await state.update(document, (draft) => void Object.assign(draft, { text: '1' }))).toEqual({
      version,
      changed: false,
    });
  });
});
