import { type PostgresServer, startPostgres } from '@nestwire/harness';
import { RealtimeDocument, RealtimeModule, RealtimeState } from '@nestwire/realtime';
import { Test } from '@nestjs/testing';
import Database from 'libsql';
import { type Dialect, PostgresDialect, SqliteDialect } from 'kysely';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type SqlStateSink, sqlStateSink } from '../src/index.js';

@RealtimeDocument('cart:{id}', { sink: { intervalMs: 60_000 } })
class CartDocument {}

function sink(dialect: Dialect): SqlStateSink {
  return sqlStateSink({ dialect });
}

function row(id: string, revision: number, fields: Record<string, unknown> | null) {
  return { id, revision, version: `v${revision}`, fields };
}

describe.each(['PostgreSQL', 'SQLite'])('state in %s', (name) => {
  let postgres: PostgresServer | undefined;
  let directory: string;
  let file: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestwire-sql-'));
    file = join(directory, 'state.db');
    if (name === 'PostgreSQL') postgres = await startPostgres();
  });

  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const dialect = (): Dialect =>
    postgres === undefined
      ? new SqliteDialect({ database: new Database(file) })
      : new PostgresDialect({ pool: new pg.Pool({ connectionString: postgres.url, max: 4 }) });

  it('makes its table at the start, and again without harm, on several nodes at once', async () => {
    const sinks = Array.from({ length: name === 'SQLite' ? 1 : 3 }, () => sink(dialect()));
    await Promise.all(sinks.map((each) => each.start()));
    await sinks[0]!.start();
    expect(await sinks[0]!.load('nothing')).toBeUndefined();
    await Promise.all(sinks.map((each) => each.close()));
  });

  it('gives back what was saved last, and skips what is older, in one save of many', async () => {
    const one = sink(dialect());
    await one.start();
    const revision = Date.now() * 1_000;
    const value = { text: 'ß "🙂"', deep: { list: [1, null, { __proto__x: true }] } };
    await one.save(Array.from({ length: 250 }, (_, n) => row(`many:${n}`, revision, { n })));
    await one.save([row('many:0', revision + 1, value), row('many:1', revision - 1, { old: true })]);
    expect(await one.load('many:0')).toEqual(row('many:0', revision + 1, value));
    expect(await one.load('many:1')).toEqual(row('many:1', revision, { n: 1 }));
    expect((await one.load('many:249'))!.fields).toEqual({ n: 249 });
    await one.close();
  });

  it('remembers a removal, so that an older save does not bring the document back', async () => {
    const one = sink(dialect());
    await one.start();
    await one.save([row('removed', 5, { a: 1 })]);
    await one.save([row('removed', 6, null)]);
    await one.save([row('removed', 4, { a: 2 })]);
    expect(await one.load('removed')).toBeUndefined();
    await one.save([row('removed', 7, { a: 3 })]);
    expect((await one.load('removed'))!.fields).toEqual({ a: 3 });
    await one.close();
  });

  it('lets an application end, and start again with what it had', async () => {
    const start = async () => {
      const imports = [
        RealtimeModule.forRoot({ stateSink: sink(dialect()) }),
        RealtimeModule.forFeature([CartDocument]),
      ];
      const app = (await Test.createTestingModule({ imports }).compile()).createNestApplication({
        logger: false,
      });
      await app.init();
      return app;
    };
    const before = await start();
    await before.get(RealtimeState).patch('cart:1', { qty: 2, note: 'x' });
    await before.close();
    const after = await start();
    expect((await after.get(RealtimeState).get('cart:1'))!.fields).toEqual({ qty: 2, note: 'x' });
    await after.get(RealtimeState).patch('cart:1', { qty: 3 });
    await after.close();
    const again = await start();
    expect((await again.get(RealtimeState).get('cart:1'))!.fields).toEqual({ qty: 3, note: 'x' });
    await again.close();
  });
});
