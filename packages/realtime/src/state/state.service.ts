import { Inject, Injectable, type Type } from '@nestjs/common';
import { encodeVersion, type Fields } from '@nestwire/protocol';
import type { CommitOutcome } from '../backend/document-store.js';
import { ChannelPattern } from '../channels/pattern.js';
import { PolicyRegistry } from '../channels/policy-registry.js';
import { REALTIME_OPTIONS, type ResolvedOptions } from '../realtime.tokens.js';
import { commitEdit, type DocumentAccess, type DocumentEdit } from './commit-edit.js';
import {
  type ConditionalOptions,
  type PatchOptions,
  type PatchResult,
  type PatchScope,
  toCommitRequest,
} from './commit-request.js';
import { DocumentCommits } from './document-commits.js';
import { currentFields, type StateSnapshot, toSnapshot } from './document-snapshot.js';
import { Documents } from './documents.js';
import { assertDocumentId, checkFieldNames } from './field-names.js';
import { assertPlainJson } from '../limits/json-guard.js';
import { deletion, incrementEdit, replacement, withWholeDocument } from './edits.js';
import { jsonPatchEdit } from './json-patch.js';
import { mergePatchEdit } from './merge-patch.js';
import { TypedDocuments } from './typed-documents.js';
import { type Recipe, type UpdateOptions, updateDocument } from './update-document.js';
import { VersionConflictError } from './version-conflict.error.js';

/** One patch of {@link RealtimeState.patchMany}. */
export interface DocumentPatch extends PatchOptions {
  id: string;
  changes: Readonly<Fields>;
}

/** What became of one patch of {@link RealtimeState.patchMany}. */
export type PatchOutcome =
  ({ readonly ok: true } & PatchResult) | { readonly ok: false; readonly error: unknown };

/** Shared documents, read and changed by the server itself: no policy is asked. */
@Injectable()
export class RealtimeState {
  constructor(
    private readonly documents: Documents,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
    private readonly policies: PolicyRegistry,
    private readonly commits: DocumentCommits,
  ) {}

  /**
   * The document, or the given fields of it; undefined where it does not exist.
   * @throws RealtimeError `bad_request` for an id or a field name that cannot be; `unavailable`.
   */
  async get<T = Fields>(id: string, fields?: readonly string[]): Promise<StateSnapshot<T> | undefined> {
    assertDocumentId(id);
    const names = fields === undefined ? undefined : checkFieldNames(fields);
    const stored = await this.documents.read(id, names);
    return stored === undefined ? undefined : toSnapshot<T>(id, stored);
  }

  /**
   * Sets and removes top-level fields in one atomic step, and tells everybody who follows the document.
   * Patches of different fields merge. A document begins with its first field and ends with its last.
   * @throws VersionConflictError where `ifVersion` or `ifFieldVersions` fails: nothing was changed.
   * @throws RealtimeError `bad_request`, `too_large`; `unavailable`, with `details.outcome` `"unknown"` where it may be stored.
   */
  async patch<T extends object = Fields>(
    id: string,
    changes: Readonly<Partial<T>>,
    options: PatchOptions = {},
  ): Promise<PatchResult> {
    return this.write(id, changes, options, 'some fields');
  }

  private async write(
    id: string,
    changes: Readonly<Fields> | object,
    options: PatchOptions,
    scope: PatchScope,
  ): Promise<PatchResult> {
    assertDocumentId(id);
    const settings = this.policies.documentOf(id);
    const request = toCommitRequest(changes, options, settings.limits, scope);
    const shape = scope === 'no fields' ? undefined : settings.shape;
    const lacking = shape && (await shape.check(changes as Fields, request.del));
    if (lacking !== undefined && (scope === 'all fields' || request.ifVersion === null)) throw lacking;
    // What could not be the document's beginning is for one that exists.
    if (lacking !== undefined) request.ifExists = true;
    const outcome = await this.commits.commit(id, request, settings);
    if (!outcome.ok) throw lacking !== undefined && !outcome.exists ? lacking : toConflict(outcome);
    return { version: encodeVersion(outcome.position), changed: outcome.changed };
  }

  /** Many patches at once, each by itself. Says for each what became of it; never rejects. */
  patchMany(patches: readonly DocumentPatch[]): Promise<PatchOutcome[]> {
    const one = async (each: DocumentPatch): Promise<PatchOutcome> => {
      try {
        const { id, changes, ...options } = each;
        return { ok: true, ...(await this.patch(id, changes, options)) };
      } catch (error) {
        return { ok: false, error };
      }
    };
    return Promise.all(patches.map(one));
  }

  /**
   * Reads the document, lets the recipe change a draft of it, and commits the difference if what the recipe read and wrote is still
   * the same; else again, with exponential backoff and full jitter. The recipe may run several times and must be synchronous.
   * @throws whatever the recipe throws, and nothing is changed then; RealtimeError `conflict`, temporary, where others were faster
   * every time; else as {@link patch}.
   */
  update<T extends object = Fields>(
    id: string,
    recipe: Recipe<T>,
    options: UpdateOptions = {},
  ): Promise<PatchResult> {
    return updateDocument(this, id, recipe, options);
  }

  /** Makes these the document's only fields. As {@link patch}. */
  replace<T extends object = Fields>(
    id: string,
    fields: Readonly<T>,
    options: ConditionalOptions = {},
  ): Promise<PatchResult> {
    const state = this.writing('all fields');
    return withWholeDocument(state, id, options, (current) => replacement(current, fields));
  }

  /** Removes every field, and with the last of them the document; `changed` is false where there was none. As {@link patch}. */
  delete(id: string, options: ConditionalOptions = {}): Promise<PatchResult> {
    return withWholeDocument(this.writing('no fields'), id, options, deletion);
  }

  /**
   * Adds to a number; a field that does not exist counts as 0.
   * @throws RealtimeError `bad_request` where the field holds no number, or the sum is none: infinite, or of whole numbers beyond 2^53.
   */
  increment(id: string, field: string, by = 1): Promise<PatchResult> {
    return this.edit(id, () => incrementEdit(field, by));
  }

  /** Applies a JSON Patch (RFC 6902) to the fields, whole or not at all. @throws RealtimeError `bad_request`, `conflict` where a test fails. */
  apply(id: string, patch: readonly object[]): Promise<PatchResult> {
    return this.edit(id, () => jsonPatchEdit(checked(patch, this.options.limits), this.options.limits));
  }

  /** Applies a JSON Merge Patch (RFC 7396) to the fields: `null` removes, objects are merged. */
  merge(id: string, patch: Readonly<Fields>): Promise<PatchResult> {
    return this.edit(id, () => mergePatchEdit(checked(patch, this.options.limits)));
  }

  /**
   * The documents of a pattern, typed: `state.for<Cart>('cart:{id}')`, or `state.for(Cart)` where one `@RealtimeDocument` has that `type`.
   * @throws Error where the pattern is not one; for a class, at the first use.
   */
  for<T extends object>(type: Type<T>): TypedDocuments<T>;
  for<T extends object = Fields>(pattern: string): TypedDocuments<T>;
  for<T extends object>(source: string | Type<T>): TypedDocuments<T> {
    if (typeof source !== 'string') return new TypedDocuments(this, () => this.policies.patternOf(source));
    const pattern = new ChannelPattern(source);
    return new TypedDocuments(this, () => pattern);
  }

  private writing(scope: PatchScope): DocumentAccess {
    return {
      get: (id, fields) => this.get(id, fields),
      patch: (id, changes, options) => this.write(id, changes, options, scope),
    };
  }

  private async edit(id: string, toEdit: () => DocumentEdit): Promise<PatchResult> {
    assertDocumentId(id);
    return commitEdit(this, id, toEdit(), {});
  }
}

function toConflict({
  position,
  fields,
  missing,
  exists,
}: CommitOutcome & { ok: false }): VersionConflictError {
  const current = currentFields(position.epoch, fields);
  return new VersionConflictError(encodeVersion(position), current, missing, exists);
}

function checked<T>(value: T, limits: ResolvedOptions['limits']): T {
  assertPlainJson(value, limits);
  return value;
}
