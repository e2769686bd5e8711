import { type Kysely, sql } from 'kysely';

export interface DocumentsTable {
  id: string;
  /** Of two the greater is the newer. PostgreSQL's drivers may answer with text. */
  revision: number | string;
  version: string;
  /** JSON text of the fields; null where the document was removed. */
  fields: string | null;
  /** Milliseconds since 1970. */
  saved_at: number | string;
}

export type StateDatabase = Record<string, DocumentsTable>;

/** Makes the table and its index where they are not there; may be run by every node at every start. */
export async function createTable(db: Kysely<StateDatabase>, table: string): Promise<void> {
  await db.schema
    .createTable(table)
    .ifNotExists()
    .addColumn('id', 'varchar(200)', (column) => column.primaryKey())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('version', 'varchar(200)', (column) => column.notNull())
    .addColumn('fields', 'text')
    .addColumn('saved_at', 'bigint', (column) => column.notNull())
    .execute();
  // For removals that are forgotten.
  await db.schema
    .createIndex(`${table}_removed`)
    .ifNotExists()
    .on(table)
    .column('saved_at')
    .where(sql<boolean>`fields is null`)
    .execute();
}
