import type { Fields } from '@nestwire/protocol';

/** A document as a sink keeps it. */
export interface SavedDocument {
  readonly id: string;
  /** Of two saves of one document the one with the greater revision is newer, whichever node saved it, in whatever epoch. A whole number. */
  readonly revision: number;
  /** The version that was saved; opaque. */
  readonly version: string;
  /** `null`: it was removed. */
  readonly fields: Readonly<Fields> | null;
}

/**
 * Where documents are kept for longer than in the backend, such as a database. Documents whose pattern has a `sink` are saved to it some
 * time after they have changed, and loaded from it where the backend does not have them.
 *
 * - A save may come twice, and late: a sink never puts a smaller revision, or the same one, in a greater one's place, and skips it without an error.
 * - That a document was removed is remembered with its revision for as long as an older save may come late: a day is plenty.
 * - Resolved means stored for good. What rejects is tried again, with later versions where there are any.
 */
export interface StateSink {
  /** What was saved last; undefined where there is nothing, or the document was removed. */
  load(id: string): Promise<SavedDocument | undefined>;
  /** Saves documents, each at most once in a call; all of them, or it rejects. */
  save(documents: readonly SavedDocument[]): Promise<void>;
  /** Called once before the first use: for connections and tables. */
  start?(): Promise<void>;
  /** Called once after the last use: when the node has drained. */
  close?(): Promise<void>;
}
