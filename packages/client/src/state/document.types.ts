import type { RealtimeError } from '@nestwire/protocol';

/** A document as it is shown. A new object at each change, and none without. */
export interface StateSnapshot<T> {
  /** With one's own changes that are on their way. Undefined until the document has come. */
  readonly value: T | undefined;
  /** Of what the server has; undefined until the document has come. */
  readonly version: string | undefined;
  /** Changes of one's own that the server has yet to confirm. */
  readonly pending: number;
  /** Why it cannot be read, or the last change of one's own that was refused. Gone with the next that is confirmed. */
  readonly error?: RealtimeError;
}

/** Changes `draft`, which is a copy, or returns another value. May run several times: it is worked out again over what others have changed. */
export type StateRecipe<T> = (draft: T) => T | void;

/** One's own `set` met with what somebody else has committed meanwhile. */
export interface StateConflict<T> {
  readonly id: string;
  /** What one's own change sets. A field that it removes is undefined. */
  readonly mine: Partial<T>;
  /** The same fields, as the server has them now. */
  readonly theirs: Partial<T>;
  /** The same fields, as they were when the change was made. */
  readonly base: Partial<T>;
  readonly error: RealtimeError;
}

/**
 * What becomes of a `set` that meets with a conflict: `theirs` gives it up, and it fails with the error; `mine` makes it again, over
 * what is there now; a function answers either, or the fields to set. One that throws gives the change up, which fails with what was thrown.
 */
export type ConflictHandler<T> =
  'mine' | 'theirs' | ((conflict: StateConflict<T>) => 'mine' | 'theirs' | Partial<T>);

/** How a document is changed. */
export interface StateOptions<T> {
  /** Default `theirs`. */
  conflict?: ConflictHandler<T>;
}

/** What the server made of a change. */
export interface ChangeResult {
  /** The document's version after the change. */
  readonly version: string;
}

/**
 * A state document that many edit at once. It is followed while somebody is subscribed, and while changes are on their way.
 * Changes show at once; they are reapplied over what others commit, and taken back where the server refuses them.
 */
export interface StateDocument<T extends object = Record<string, unknown>> {
  readonly id: string;
  readonly value: T | undefined;
  readonly version: string | undefined;
  /** The same object until something changes. Bound, as {@link subscribe} is: fit for `useSyncExternalStore`. */
  readonly getSnapshot: () => StateSnapshot<T>;
  /** Calls the listener at each change, and follows the document until the function that is returned is called. Bound. */
  readonly subscribe: (listener: (snapshot: StateSnapshot<T>) => void) => () => void;
  /** Resolves when the document has come. @throws RealtimeError where it may not be read. */
  ready(): Promise<StateSnapshot<T>>;
  /**
   * Sets these fields, and leaves the others; one that is undefined is removed. Resolves when the server has it.
   * @throws RealtimeError `conflict` where somebody else has changed the same field meanwhile, and the handler gave way; `bad_request` for
   * what is not JSON.
   */
  set(fields: Partial<T>): Promise<ChangeResult>;
  /** Changes the document by a recipe, which is run again over what others have changed. @throws RealtimeError */
  update(recipe: StateRecipe<T>): Promise<ChangeResult>;
}
