import { type Dialect, Kysely } from 'kysely';
import type { SavedDocument, StateSink } from '@nestwire/realtime';
import { createTable, type DocumentsTable, type StateDatabase } from './tables.js';

/** That a document was removed is remembered for so long, in milliseconds: no save comes later than that. */
const REMEMBER_REMOVED_MS = 24 * 60 * 60_000;
/** How often what is older is dropped, in milliseconds. */
const FORGET_EVERY_MS = 60 * 60_000;
/** Databases bound the parameters of a statement: SQLite's oldest to 999. A row has five. */
const ROWS_PER_STATEMENT = 100;
/** Several nodes that make the table at once can stand in each other's way. */
const START_ATTEMPTS = 5;

/**
 * A dialect of Kysely, such as `new PostgresDialect({ pool })`. By its shape: TypeScript tells the classes that an application in CommonJS
 * gets of Kysely from those that this package gets.
 */
export interface SqlDialect {
  /** As Kysely's. */
  createDriver(): object;
  /** As Kysely's. */
  createQueryCompiler(): object;
  /** As Kysely's. */
  createAdapter(): object;
  /** As Kysely's. */
  createIntrospector(db: never): object;
}

/** A Kysely of any tables, by its shape as {@link SqlDialect}. */
export interface SqlDatabase {
  /** As Kysely's. */
  readonly schema: object;
  /** As Kysely's. */
  selectFrom(table: never): object;
  /** As Kysely's. */
  insertInto(table: never): object;
  /** As Kysely's. */
  deleteFrom(table: never): object;
  /** As Kysely's. */
  transaction(): object;
  /** As Kysely's. */
  destroy(): Promise<void>;
}

/** The database: a Kysely of the application's own, which stays its own to end; or a dialect, whose connections the sink makes and ends. */
export type SqlStateSinkOptions = ({ db: SqlDatabase } | { dialect: SqlDialect }) & {
  /** Name of the table. Default `nestwire_documents`. */
  table?: string;
  /** Whether the table is made at start-up where it is missing. Default true. */
  createTable?: boolean;
};

/**
 * Keeps documents in a table of PostgreSQL or SQLite, one row each.
 * @throws Error where the table's name is not one.
 */
export function sqlStateSink(options: SqlStateSinkOptions): SqlStateSink {
  return new SqlStateSink(options);
}

/** See {@link sqlStateSink}. */
export class SqlStateSink implements StateSink {
  private readonly db: Kysely<StateDatabase>;
  private readonly isOwn: boolean;
  private readonly table: string;
  private readonly createsTable: boolean;
  private forgotAt = -Infinity;

  constructor(options: SqlStateSinkOptions) {
    const { table = 'nestwire_documents', createTable: createsTable = true } = options;
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,50}$/.test(table))
      throw new Error(`Nestwire: option "table" is ${JSON.stringify(table)}; allowed is the name of a table`);
    this.table = table;
    this.createsTable = createsTable;
    this.isOwn = 'dialect' in options;
    this.db =
      'dialect' in options
        ? new Kysely<StateDatabase>({ dialect: options.dialect as Dialect })
        : (options.db as unknown as Kysely<StateDatabase>);
  }

  async start(): Promise<void> {
    if (!this.createsTable) return;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await createTable(this.db, this.table);
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  async close(): Promise<void> {
    if (this.isOwn) await this.db.destroy();
  }

  async load(id: string): Promise<SavedDocument | undefined> {
    const row = await this.db
      .selectFrom(this.table)
      .selectAll()
      .where('id', '=', id)
      .where('fields', 'is not', null)
      .executeTakeFirst();
    return row && toDocument(row);
  }

  /** One transaction. In the order of ids, so that nodes that save the same documents do not wait for each other in a circle. */
  async save(documents: readonly SavedDocument[]): Promise<void> {
    const rows = documents.map(toRow).sort((a, b) => (a.id < b.id ? -1 : 1));
    await this.db.transaction().execute(async (transaction) => {
      for (let i = 0; i < rows.length; i += ROWS_PER_STATEMENT)
        await this.upsert(transaction, rows.slice(i, i + ROWS_PER_STATEMENT));
    });
    await this.forgetRemoved();
  }

  private async upsert(db: Kysely<StateDatabase>, rows: readonly DocumentsTable[]): Promise<void> {
    await db
      .insertInto(this.table)
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet((set) => ({
            revision: set.ref('excluded.revision'),
            version: set.ref('excluded.version'),
            fields: set.ref('excluded.fields'),
            saved_at: set.ref('excluded.saved_at'),
          }))
          .whereRef(`${this.table}.revision`, '<', 'excluded.revision'),
      )
      .execute();
  }

  private async forgetRemoved(): Promise<void> {
    if (performance.now() - this.forgotAt < FORGET_EVERY_MS) return;
    this.forgotAt = performance.now();
    await this.db
      .deleteFrom(this.table)
      .where('fields', 'is', null)
      .where('saved_at', '<', Date.now() - REMEMBER_REMOVED_MS)
      .execute();
  }
}

function toRow({ id, revision, version, fields }: SavedDocument): DocumentsTable {
  return { id, revision, version, fields: fields && JSON.stringify(fields), saved_at: Date.now() };
}

function toDocument({ id, revision, version, fields }: DocumentsTable): SavedDocument {
  return {
    id,
    revision: Number(revision),
    version,
    fields: fields === null ? null : (JSON.parse(fields) as SavedDocument['fields']),
  };
}
