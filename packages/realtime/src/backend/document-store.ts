import { type Position, RealtimeError } from '@nestwire/protocol';
import type { History } from './event-log.js';
import type { Schedule } from './schedule.js';

/** A field as it is stored. */
export interface StoredField {
  /** JSON text; never parsed by a backend. */
  readonly value: string;
  /** Offset of the commit that last changed it, within the document's epoch. */
  readonly offset: number;
}

/** A document as it is stored. */
export interface StoredDocument {
  /** The document's version: the position of its channel's log. */
  readonly position: Position;
  /** All fields, or those asked for that exist. */
  readonly fields: ReadonlyMap<string, StoredField>;
}

/** What is to be changed, and on which conditions. */
export interface CommitRequest {
  /** Fields to write, as JSON text. */
  set: ReadonlyMap<string, string>;
  /** Fields to remove; those that do not exist are passed over. */
  del: readonly string[];
  /** The commit is refused unless the document is at this version. `null`: unless it does not exist. */
  ifVersion?: Pick<Position, 'epoch' | 'offset'> | null;
  /** The commit is refused unless the document exists. */
  ifExists?: boolean;
  /**
   * The commit is refused where one of these fields has changed since its version; `null`: unless the field does not exist. A field that
   * was removed has changed then, which is known as long as the history reaches; after that it counts as changed.
   */
  ifFieldVersions?: ReadonlyMap<string, Pick<Position, 'epoch' | 'offset'> | null>;
  /** Most fields that the document may grow to. Default: any number. */
  maxFields?: number;
  /** Most bytes that the names and values of its fields may grow to. Default: any number. */
  maxBytes?: number;
  /** As {@link AppendEvent.operationId}. */
  operationId: string;
  /** As {@link AppendEvent.isRetry}. */
  isRetry?: boolean;
  correlationId?: string;
  /**
   * True: refused, as `unloaded`, unless the document is loaded; false: unless it is not. It is loaded where it has fields, or
   * where its removal has yet to be saved. Default: whichever.
   */
  ifLoaded?: boolean;
  /** True for what the sink holds already, or is not to hear of: the document is saved at the commit's version. Default false. */
  isSaved?: boolean;
  /** True: what the commit removes is kept aside until it is forgotten, for a week at most. Default false. */
  keepRemoved?: boolean;
}

/** A document that has changed since it was last saved. */
export interface UnsavedDocument {
  readonly position: Position;
  /** Rises with every answer for this document, over all nodes and epochs: made of the backend's clock, microseconds since 1970. */
  readonly revision: number;
  /** Empty where the document was removed. */
  readonly fields: ReadonlyMap<string, StoredField>;
}

/** What became of a commit: done, or refused with what stands against it. */
export type CommitOutcome =
  | {
      readonly ok: true;
      readonly position: Position;
      /** False where nothing changed: no entry was made. */ readonly changed: boolean;
    }
  | {
      readonly ok: false;
      readonly position: Position;
      readonly exists: boolean;
      /** With `ifVersion` and `ifExists` the fields that the commit names; with `ifFieldVersions` those that differ. */
      readonly fields: ReadonlyMap<string, StoredField>;
      /** Those of them that do not exist. */
      readonly missing: readonly string[];
      /** True where nothing but `ifLoaded: true` stood against it. */
      readonly unloaded?: true;
    };

/**
 * Documents: top-level fields of JSON text, each the fold of the channel `$state:ID`.
 *
 * - A commit checks, writes the fields, appends one `state.patch` entry to the document's log and publishes it, in one atomic step
 *   and one round trip; its cost depends on the size of the change. A refused one changes nothing.
 * - A field that is written with the very text that it holds is not a change.
 * - What makes a document grow past `maxFields` or `maxBytes` is refused; one that is larger already may shrink.
 * - The document's position is its log's. Fields, their versions, epoch and offset live and die together.
 * - A document without fields does not exist; its log may.
 * - What was saved, and which revision was the last, is kept with the document, and lives and dies with it.
 */
export interface DocumentStore {
  /** The document, or the given fields of it; undefined where it does not exist. */
  read(id: string, fields?: readonly string[]): Promise<StoredDocument | undefined>;
  /** @throws RealtimeError {@link documentTooLarge}: nothing was changed. */
  commit(id: string, request: CommitRequest, history: History): Promise<CommitOutcome>;

  /**
   * The document, where it has changed since it was saved, claimed for so long; undefined where it has not. Where another claim holds,
   * answers with what is left of it in milliseconds, unless it is to be had all the same.
   */
  claimUnsaved(
    id: string,
    claimMs: number,
    options?: { regardless?: boolean },
  ): Promise<UnsavedDocument | { readonly claimedForMs: number } | undefined>;
  /** The document was saved as it stood at this position. */
  markSaved(id: string, position: Position): Promise<void>;
  /** Ids of documents that may have changes which are not saved, by when to look at them. */
  readonly unsaved: Schedule;

  /** What {@link CommitRequest.keepRemoved} has kept. */
  readRemoved(id: string): Promise<ReadonlyMap<string, StoredField> | undefined>;
  /** Forgets it. */
  forgetRemoved(id: string): Promise<void>;
  /** Ids of documents that expire, by when to look at them. */
  readonly expiring: Schedule;
}

/** What a commit is refused with that would make its document too large. */
export function documentTooLarge(of: 'fields' | 'bytes', size: number, most: number): RealtimeError {
  return new RealtimeError('too_large', `the document would have ${size} ${of}, more than ${most}`);
}
