import { type Position, RESERVED_CHANNEL_PREFIXES, STATE_EVENTS } from '@nestwire/protocol';
import {
  type CommitOutcome,
  type CommitRequest,
  type DocumentStore,
  documentTooLarge,
  type StoredDocument,
  type StoredField,
  type UnsavedDocument,
} from '../document-store.js';
import type { History } from '../event-log.js';
import type { MemoryChannel } from './memory-channel.js';
import type { MemoryChannels } from './memory-channels.js';
import { MemorySchedule } from './memory-schedule.js';

type Version = Pick<Position, 'epoch' | 'offset'>;

/** {@link DocumentStore} in this process's memory: the fields stand beside the log that they are the fold of. */
export class MemoryDocumentStore implements DocumentStore {
  readonly unsaved: MemorySchedule;
  readonly expiring: MemorySchedule;

  constructor(private readonly channels: MemoryChannels) {
    this.unsaved = new MemorySchedule(channels.clock);
    this.expiring = new MemorySchedule(channels.clock);
  }

  async read(id: string, names?: readonly string[]): Promise<StoredDocument | undefined> {
    const channel = this.channels.peek(channelOf(id));
    if (channel === undefined || channel.fields.size === 0) return undefined;
    return {
      position: channel.end,
      fields: names === undefined ? new Map(channel.fields) : pick(channel, names),
    };
  }

  async commit(id: string, request: CommitRequest, history: History): Promise<CommitOutcome> {
    const channel = this.channels.of(channelOf(id), history);
    channel.trim(history);
    const seen = channel.recall(request);
    if (seen !== undefined) return { ok: true, position: seen, changed: true };
    const unloaded = loadRefusal(channel, request);
    if (unloaded !== undefined) return unloaded;
    const conflict = conflictOf(channel, request);
    if (conflict !== undefined) return refusal(channel, conflict);
    const set = [...request.set].filter(([name, value]) => channel.fields.get(name)?.value !== value);
    const del = request.del.filter((name) => channel.fields.has(name) && !request.set.has(name));
    if (set.length === 0 && del.length === 0) return { ok: true, position: channel.end, changed: false };
    assertRoom(channel, set, del, request);
    if (request.keepRemoved) channel.upkeep.removed = pick(channel, del);
    const position = write(channel, set, del, request, history);
    if (request.isSaved) channel.upkeep.saved = position;
    return { ok: true, position, changed: true };
  }

  async claimUnsaved(
    id: string,
    claimMs: number,
    { regardless = false }: { regardless?: boolean } = {},
  ): Promise<UnsavedDocument | { claimedForMs: number } | undefined> {
    const channel = this.channels.peek(channelOf(id));
    if (channel === undefined || !channel.isUnsaved) return undefined;
    const { upkeep, clock, end } = channel;
    const claimedForMs = upkeep.claimedUntil - clock.monotonic();
    if (claimedForMs > 0 && !regardless) return { claimedForMs };
    upkeep.claimedUntil = clock.monotonic() + claimMs;
    upkeep.revision = Math.max(upkeep.revision + 1, clock.now() * 1_000);
    return { position: end, revision: upkeep.revision, fields: new Map(channel.fields) };
  }

  async markSaved(id: string, position: Position): Promise<void> {
    const channel = this.channels.peek(channelOf(id));
    if (channel !== undefined) channel.upkeep.saved = position;
  }

  async readRemoved(id: string): Promise<ReadonlyMap<string, StoredField> | undefined> {
    return this.channels.peek(channelOf(id))?.upkeep.removed;
  }

  async forgetRemoved(id: string): Promise<void> {
    delete this.channels.peek(channelOf(id))?.upkeep.removed;
  }
}

/** Fields first, then the entry: whoever is told of the patch reads a document that holds it. */
function write(
  channel: MemoryChannel,
  set: [string, string][],
  del: string[],
  { operationId, correlationId }: CommitRequest,
  history: History,
): Position {
  const offset = channel.end.offset + 1;
  channel.fieldBytes += growth(channel, set, del);
  for (const [name, value] of set) channel.fields.set(name, { value, offset });
  for (const name of del) removeField(channel, name, offset);
  const data = patchText(set, del);
  const event = {
    event: STATE_EVENTS.patch,
    data,
    operationId,
    ...(correlationId === undefined ? {} : { correlationId }),
  };
  return channel.append([event], history)[0]!.position;
}

function removeField({ fields, tombstones }: MemoryChannel, name: string, offset: number): void {
  fields.delete(name);
  tombstones.add(name, offset);
}

function refusal(channel: MemoryChannel, names: readonly string[]): CommitOutcome {
  const missing = names.filter((name) => !channel.fields.has(name));
  return {
    ok: false,
    position: channel.end,
    exists: channel.fields.size > 0,
    fields: pick(channel, names),
    missing,
  };
}

function loadRefusal(channel: MemoryChannel, { ifLoaded }: CommitRequest): CommitOutcome | undefined {
  const isLoaded = channel.fields.size > 0 || channel.isUnsaved;
  if (ifLoaded === undefined || ifLoaded === isLoaded) return undefined;
  const { end, fields } = channel;
  const nothing = {
    ok: false,
    position: end,
    exists: fields.size > 0,
    fields: new Map(),
    missing: [],
  } as const;
  return ifLoaded ? { ...nothing, unloaded: true } : nothing;
}

/** The names of the fields that a refused commit's answer shows, or undefined where nothing stands against it. */
function conflictOf(
  channel: MemoryChannel,
  { ifVersion, ifExists, ifFieldVersions, set, del }: CommitRequest,
): string[] | undefined {
  const exists = channel.fields.size > 0;
  if ((ifVersion !== undefined && !isAt(channel, ifVersion)) || (ifExists && !exists))
    return [...set.keys(), ...del];
  const differing = [...(ifFieldVersions ?? [])].filter(
    ([name, version]) => !isUnchanged(channel, name, version),
  );
  return differing.length === 0 ? undefined : differing.map(([name]) => name);
}

function isAt({ end, fields }: MemoryChannel, version: Version | null): boolean {
  return version === null ? fields.size === 0 : version.epoch === end.epoch && version.offset === end.offset;
}

function isUnchanged(channel: MemoryChannel, name: string, version: Version | null): boolean {
  const { end, fields, tombstones } = channel;
  if (version === null) return !fields.has(name);
  if (version.epoch !== end.epoch || version.offset > end.offset) return false;
  const changedAt = fields.get(name)?.offset ?? tombstones.offsetOf(name);
  return changedAt !== undefined && changedAt <= version.offset;
}

function assertRoom(
  channel: MemoryChannel,
  set: [string, string][],
  del: string[],
  { maxFields = Infinity, maxBytes = Infinity }: CommitRequest,
): void {
  const added = set.filter(([name]) => !channel.fields.has(name)).length - del.length;
  const count = channel.fields.size + added;
  if (added > 0 && count > maxFields) throw documentTooLarge('fields', count, maxFields);
  const grown = growth(channel, set, del);
  const bytes = channel.fieldBytes + grown;
  if (grown > 0 && bytes > maxBytes) throw documentTooLarge('bytes', bytes, maxBytes);
}

/** By how many bytes the names and values of all fields grow. */
function growth({ fields }: MemoryChannel, set: [string, string][], del: string[]): number {
  const bytesOf = (name: string, value = fields.get(name)?.value): number =>
    value === undefined ? 0 : Buffer.byteLength(name) + Buffer.byteLength(value);
  const added = set.reduce((sum, [name, value]) => sum + bytesOf(name, value) - bytesOf(name), 0);
  return del.reduce((sum, name) => sum - bytesOf(name), added);
}

function pick({ fields }: MemoryChannel, names: readonly string[]): Map<string, StoredField> {
  return new Map(names.flatMap((name) => (fields.has(name) ? [[name, fields.get(name)!] as const] : [])));
}

function patchText(set: [string, string][], del: string[]): string {
  const fields = set.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
  return `{"set":{${fields}},"del":${JSON.stringify(del)}}`;
}

function channelOf(id: string): string {
  return RESERVED_CHANNEL_PREFIXES.state + id;
}
