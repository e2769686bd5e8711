import { Inject, Injectable } from '@nestjs/common';
import { encodeVersion, type Fields, RESERVED_CHANNEL_PREFIXES } from '@nestwire/protocol';
import type { CommitOutcome } from '../backend/document-store.js';
import { PolicyRegistry } from '../channels/policy-registry.js';
import {
  REALTIME_BACKEND,
  REALTIME_OPTIONS,
  type Backend,
  type ResolvedOptions,
} from '../realtime.tokens.js';
import { type PatchOptions, toCommitRequest } from './commit-request.js';
import { currentFields, type StateSnapshot, toSnapshot } from './document-snapshot.js';
import { assertDocumentId, checkFieldNames } from './field-names.js';
import { VersionConflictError } from './version-conflict.error.js';

export interface PatchResult {
  /** The document's version after the patch. */
  readonly version: string;
  /** False where every field already was as the patch wants it: no version was made and nobody is told. */
  readonly changed: boolean;
}

/** Shared documents, read and changed by the server itself: no policy is asked. */
@Injectable()
export class RealtimeState {
  constructor(
    @Inject(REALTIME_BACKEND) private readonly backend: Backend,
    @Inject(REALTIME_OPTIONS) private readonly options: ResolvedOptions,
    private readonly policies: PolicyRegistry,
  ) {}

  /**
   * The document, or the given fields of it; undefined where it does not exist.
   * @throws RealtimeError `bad_request` for an id or a field name that cannot be; `unavailable`.
   */
  async get<T = Fields>(id: string, fields?: readonly string[]): Promise<StateSnapshot<T> | undefined> {
    assertDocumentId(id);
    const names = fields === undefined ? undefined : checkFieldNames(fields);
    const stored = await this.backend.documents.read(id, names);
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
    assertDocumentId(id);
    const request = toCommitRequest(changes, options, this.options.limits);
    const history = this.policies.historyOf(RESERVED_CHANNEL_PREFIXES.state + id);
    const outcome = await this.backend.documents.commit(id, request, history);
    if (!outcome.ok) throw toConflict(outcome);
    return { version: encodeVersion(outcome.position), changed: outcome.changed };
  }
}

function toConflict({ position, fields, missing }: CommitOutcome & { ok: false }): VersionConflictError {
  return new VersionConflictError(encodeVersion(position), currentFields(position.epoch, fields), missing);
}
