import { Injectable } from '@nestjs/common';
import type { Fields } from '@nestwire/protocol';
import { PolicyRegistry } from '../channels/policy-registry.js';
import { isPlainObject } from '../limits/json-guard.js';
import type { Identity } from '../sessions/identity.js';
import { commitEdit, type DocumentEdit, type Precondition } from './commit-edit.js';
import type { StateSnapshot } from './document-snapshot.js';
import { checkFieldNames } from './field-names.js';
import type { PatchOptions, PatchResult } from './commit-request.js';
import { PreconditionRequiredError } from './precondition-required.error.js';
import { RealtimeState } from './state.service.js';
import { VersionConflictError } from './version-conflict.error.js';

/** Documents as a client has them, over every way in: the document's policy is asked first, and may throw its refusal. */
@Injectable()
export class GuardedState {
  constructor(
    private readonly state: RealtimeState,
    private readonly policies: PolicyRegistry,
  ) {}

  /** As {@link RealtimeState.get}. */
  async get(identity: Identity, id: string, fields?: readonly string[]): Promise<StateSnapshot | undefined> {
    await this.policies.assertCanRead(identity, id);
    return this.state.get(id, fields);
  }

  /** As {@link RealtimeState.patch}. */
  async patch(
    identity: Identity,
    id: string,
    changes: Readonly<Fields>,
    options: PatchOptions,
  ): Promise<PatchResult> {
    const names = checkFieldNames([...Object.keys(changes), ...(options.remove ?? [])]);
    await this.policies.assertCanWrite(identity, id, names);
    this.assertPrecondition(id, options, names);
    return this.discreetly(identity, id, () => this.state.patch(id, changes, options));
  }

  /** As {@link commitEdit}. */
  async edit(
    identity: Identity,
    id: string,
    edit: DocumentEdit,
    precondition: Precondition,
  ): Promise<PatchResult> {
    await this.policies.assertCanWrite(identity, id, edit.writes);
    if (edit.reveals) await this.policies.assertCanRead(identity, id);
    this.assertPrecondition(id, precondition, edit.writes);
    return this.discreetly(identity, id, () => commitEdit(this.state, id, edit, precondition));
  }

  /** Where the document demands it, a write says what it is based on: a version of the document, or of each field that it changes. */
  private assertPrecondition(id: string, options: PatchOptions, names: readonly string[]): void {
    if (!this.policies.documentOf(id).requireVersion || options.ifVersion !== undefined) return;
    const versions = options.ifFieldVersions;
    if (!isPlainObject(versions) || !names.every((name) => Object.hasOwn(versions, name)))
      throw new PreconditionRequiredError();
  }

  /** Who may write but not read learns of a conflict no more than the version. */
  private async discreetly<T>(identity: Identity, id: string, change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof VersionConflictError) || (await this.mayRead(identity, id))) throw error;
      throw new VersionConflictError(error.version, {}, [], error.exists);
    }
  }

  private async mayRead(identity: Identity, id: string): Promise<boolean> {
    return this.policies.assertCanRead(identity, id).then(
      () => true,
      () => false,
    );
  }
}
