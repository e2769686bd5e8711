import { Injectable, type OnModuleInit } from '@nestjs/common';
import { COMMANDS, type Fields, RealtimeError } from '@nestwire/protocol';
import { CommandRegistry } from '../commands/command-registry.js';
import { isPlainObject } from '../limits/json-guard.js';
import type { RealtimeClient } from '../sessions/identity.js';
import type { StateSnapshot } from './document-snapshot.js';
import { assertDocumentId, checkFieldNames } from './field-names.js';
import { GuardedState } from './guarded-state.js';
import type { PatchResult } from './commit-request.js';

const GET_KEYS = ['id', 'fields'];
const PATCH_KEYS = ['id', 'set', 'del', 'ifVersion', 'ifFieldVersions', 'correlationId'];

const MAX_CORRELATION_ID_LENGTH = 200;

/** The commands `realtime.state.get` and `realtime.state.patch`. */
@Injectable()
export class StateCommands implements OnModuleInit {
  constructor(
    private readonly state: GuardedState,
    private readonly registry: CommandRegistry,
  ) {}

  onModuleInit(): void {
    this.registry.register(COMMANDS.stateGet, {
      recorded: false,
      run: (client, data) => this.get(client, data),
    });
    this.registry.register(COMMANDS.statePatch, { run: (client, data) => this.patch(client, data) });
  }

  private async get(client: RealtimeClient, data: unknown): Promise<StateSnapshot> {
    const { id, fields } = read(data, GET_KEYS);
    const names = fields === undefined ? undefined : checkFieldNames(fields);
    const document = await this.state.get(client, id, names);
    if (document === undefined) throw new RealtimeError('not_found', `there is no document ${id}`);
    return document;
  }

  private async patch(client: RealtimeClient, data: unknown): Promise<PatchResult> {
    const { id, set = {}, del = [], ifVersion, ifFieldVersions, correlationId } = read(data, PATCH_KEYS);
    if (!isPlainObject(set)) throw new RealtimeError('bad_request', '"set" is an object of fields');
    return this.state.patch(client, id, set, {
      remove: checkFieldNames(del),
      correlationId: correlationId === undefined ? undefined : checkCorrelationId(correlationId),
      // Checked where they are read.
      ifVersion: ifVersion as string | null | undefined,
      ifFieldVersions: ifFieldVersions as Record<string, string | null> | undefined,
    });
  }
}

function checkCorrelationId(value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_CORRELATION_ID_LENGTH) return value;
  throw new RealtimeError('bad_request', `"correlationId" is 1 to ${MAX_CORRELATION_ID_LENGTH} characters`);
}

/** A key that is not known is refused: a misspelt `ifVersion` would overwrite what it was to protect. */
function read(data: unknown, keys: readonly string[]): Fields & { id: string } {
  if (!isPlainObject(data)) throw new RealtimeError('bad_request', `data is an object of ${keys.join(', ')}`);
  const isUnknown = Object.keys(data).some((key) => !keys.includes(key));
  if (isUnknown) throw new RealtimeError('bad_request', `data has other keys than ${keys.join(', ')}`);
  const { id } = data;
  assertDocumentId(id);
  return { ...data, id };
}
