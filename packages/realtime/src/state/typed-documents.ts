import { RealtimeError } from '@nestwire/protocol';
import type { ChannelPattern } from '../channels/pattern.js';
import type { ConditionalOptions, PatchOptions, PatchResult } from './commit-request.js';
import type { StateSnapshot } from './document-snapshot.js';
import type { Recipe, UpdateOptions } from './update-document.js';

/** Which document of a pattern: what its placeholders stand for, or the one value where there is one placeholder. */
export type DocumentKey = string | number | Readonly<Record<string, string | number>>;

/** What documents are read and changed with, by id. */
interface DocumentsById {
  get<T>(id: string, fields?: readonly string[]): Promise<StateSnapshot<T> | undefined>;
  patch<T extends object>(
    id: string,
    changes: Readonly<Partial<T>>,
    options?: PatchOptions,
  ): Promise<PatchResult>;
  update<T extends object>(id: string, recipe: Recipe<T>, options?: UpdateOptions): Promise<PatchResult>;
  replace<T extends object>(
    id: string,
    fields: Readonly<T>,
    options?: ConditionalOptions,
  ): Promise<PatchResult>;
  delete(id: string, options?: ConditionalOptions): Promise<PatchResult>;
  increment(id: string, field: string, by?: number): Promise<PatchResult>;
  apply(id: string, patch: readonly object[]): Promise<PatchResult>;
  merge(id: string, patch: Readonly<Record<string, unknown>>): Promise<PatchResult>;
}

type FieldOf<T> = keyof T & string;
type NumberFieldOf<T> = { [K in FieldOf<T>]: NonNullable<T[K]> extends number ? K : never }[FieldOf<T>];

/** A JSON Merge Patch: `null` removes, objects are merged, anything else replaces. */
export type MergePatchOf<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] | null : MergeValue<T[K]> | null;
};
type MergeValue<V> = V extends readonly unknown[] ? V : V extends object ? MergePatchOf<V> : V;

/** The documents of one pattern, whose fields are those of `T`; made by `RealtimeState.for`, whose methods these are. */
export class TypedDocuments<T extends object> {
  constructor(
    private readonly state: DocumentsById,
    private readonly pattern: () => ChannelPattern,
  ) {}

  /**
   * The document's id.
   * @throws RealtimeError `bad_request` where the key does not fit the pattern.
   */
  idOf(key: DocumentKey): string {
    const pattern = this.pattern();
    const id = pattern.fill(typeof key === 'object' ? key : [key]);
    if (id !== undefined) return id;
    throw new RealtimeError('bad_request', `that is no document of "${pattern.source}"`);
  }

  /** The document; undefined where there is none. */
  async get(key: DocumentKey): Promise<StateSnapshot<T> | undefined>;
  /** These fields of the document; undefined where there is none. */
  async get<K extends FieldOf<T>>(
    key: DocumentKey,
    fields: readonly K[],
  ): Promise<StateSnapshot<Partial<Pick<T, K>>> | undefined>;
  async get(key: DocumentKey, fields?: readonly string[]): Promise<StateSnapshot<Partial<T>> | undefined> {
    return this.state.get<Partial<T>>(this.idOf(key), fields);
  }

  /** As `RealtimeState.patch`: sets fields, and leaves the others. */
  async patch(
    key: DocumentKey,
    changes: Readonly<Partial<T>>,
    options?: PatchOptions<FieldOf<T>>,
  ): Promise<PatchResult> {
    return this.state.patch<T>(this.idOf(key), changes, options);
  }

  /** As `RealtimeState.update`: reads, changes, and tries again where somebody came in between. */
  async update(key: DocumentKey, recipe: Recipe<T>, options?: UpdateOptions): Promise<PatchResult> {
    return this.state.update<T>(this.idOf(key), recipe, options);
  }

  /** As `RealtimeState.replace`: removes the fields that are not given. */
  async replace(key: DocumentKey, fields: Readonly<T>, options?: ConditionalOptions): Promise<PatchResult> {
    return this.state.replace<T>(this.idOf(key), fields, options);
  }

  /** As `RealtimeState.delete`. */
  async delete(key: DocumentKey, options?: ConditionalOptions): Promise<PatchResult> {
    return this.state.delete(this.idOf(key), options);
  }

  /** As `RealtimeState.increment`: adds to a number. */
  async increment(key: DocumentKey, field: NumberFieldOf<T>, by = 1): Promise<PatchResult> {
    return this.state.increment(this.idOf(key), field, by);
  }

  /** As `RealtimeState.apply`: a JSON Patch. */
  async apply(key: DocumentKey, patch: readonly object[]): Promise<PatchResult> {
    return this.state.apply(this.idOf(key), patch);
  }

  /** As `RealtimeState.merge`: a JSON Merge Patch. */
  async merge(key: DocumentKey, patch: MergePatchOf<T>): Promise<PatchResult> {
    return this.state.merge(this.idOf(key), patch);
  }
}
