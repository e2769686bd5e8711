import type { Position } from '@nestwire/protocol';
import type { History } from './event-log.js';

/** A field as it is stored. */
export interface StoredField {
  /** JSON text; never parsed by a backend. */
  readonly value: string;
  /** Offset of the commit that last changed it, within the document's epoch. */
  readonly offset: number;
}

export interface StoredDocument {
  /** The document's version: the position of its channel's log. */
  readonly position: Position;
  /** All fields, or those asked for that exist. */
  readonly fields: ReadonlyMap<string, StoredField>;
}

export interface CommitRequest {
  /** Fields to write, as JSON text. */
  set: ReadonlyMap<string, string>;
  /** Fields to remove; those that do not exist are passed over. */
  del: readonly string[];
  /** The commit is refused unless the document is at this version. `null`: unless it does not exist. */
  ifVersion?: Pick<Position, 'epoch' | 'offset'> | null;
  /** The commit is refused unless each of these fields is at its version; `null`: unless the field does not exist. */
  ifFieldVersions?: ReadonlyMap<string, Pick<Position, 'epoch' | 'offset'> | null>;
  /** As {@link AppendEvent.operationId}. */
  operationId: string;
  /** As {@link AppendEvent.isRetry}. */
  isRetry?: boolean;
  correlationId?: string;
}

export type CommitOutcome =
  | {
      readonly ok: true;
      readonly position: Position;
      /** False where nothing changed: no entry was made. */ readonly changed: boolean;
    }
  | {
      readonly ok: false;
      readonly position: Position;
      /** With `ifVersion` the fields that the commit names; with `ifFieldVersions` those that differ. */
      readonly fields: ReadonlyMap<string, StoredField>;
      /** Those of them that do not exist. */
      readonly missing: readonly string[];
    };

/**
 * Documents: top-level fields of JSON text, each the fold of the channel `$state:ID`.
 *
 * - A commit checks, writes the fields, appends one `state.patch` entry to the document's log and publishes it, in one atomic step
 *   and one round trip; its cost depends on the size of the change. A refused one changes nothing.
 * - A field that is written with the very text that it holds is not a change.
 * - The document's position is its log's. Fields, their versions, epoch and offset live and die together.
 * - A document without fields does not exist; its log may.
 */
export interface DocumentStore {
  /** The document, or the given fields of it; undefined where it does not exist. */
  read(id: string, fields?: readonly string[]): Promise<StoredDocument | undefined>;
  commit(id: string, request: CommitRequest, history: History): Promise<CommitOutcome>;
}
