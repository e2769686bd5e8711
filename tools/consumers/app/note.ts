import { type DocumentPolicy, type DocumentRequest, RealtimeDocument } from '@nestwire/realtime';
import { sqlStateSink, type SqlStateSink } from '@nestwire/sql';
import { SqliteDialect } from 'kysely';
import Database from 'libsql';

/** Saved when the application ends, and at the latest after a minute. */
@RealtimeDocument('note:{owner}', { sink: { intervalMs: 60_000 } })
export class NoteDocument implements DocumentPolicy {
  canRead({ params, principal }: DocumentRequest): boolean {
    return params.owner === principal.userId;
  }

  canWrite(request: DocumentRequest): boolean {
    return this.canRead(request);
  }
}

/** Where the notes stay: in the file that `STATE_FILE` names. */
export function noteSink(): SqlStateSink {
  const database = new Database(process.env.STATE_FILE ?? ':memory:');
  return sqlStateSink({ dialect: new SqliteDialect({ database }) });
}
