import { type Position, RESERVED_CHANNEL_PREFIXES, STATE_EVENTS } from '@nestwire/protocol';
import type {
  CommitOutcome,
  CommitRequest,
  DocumentStore,
  StoredDocument,
  StoredField,
} from '../document-store.js';
import type { History } from '../event-log.js';
import type { MemoryChannel } from './memory-channel.js';
import type { MemoryChannels } from './memory-channels.js';

type Version = Pick<Position, 'epoch' | 'offset'>;

/** {@link DocumentStore} in this process's memory: the fields stand beside the log that they are the fold of. */
export class MemoryDocumentStore implements DocumentStore {
  constructor(private readonly channels: MemoryChannels) {}

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
    const seen = channel.recall(request);
    if (seen !== undefined) return { ok: true, position: seen, changed: true };
    const conflict = conflictOf(channel, request);
    if (conflict !== undefined) return refusal(channel, conflict);
    const set = [...request.set].filter(([name, value]) => channel.fields.get(name)?.value !== value);
    const del = request.del.filter((name) => channel.fields.has(name) && !request.set.has(name));
    if (set.length === 0 && del.length === 0) return { ok: true, position: channel.end, changed: false };
    return { ok: true, position: write(channel, set, del, request, history), changed: true };
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
  for (const [name, value] of set) channel.fields.set(name, { value, offset: channel.end.offset + 1 });
  for (const name of del) channel.fields.delete(name);
  const data = patchText(set, del);
  const event = {
    event: STATE_EVENTS.patch,
    data,
    operationId,
    ...(correlationId === undefined ? {} : { correlationId }),
  };
  return channel.append([event], history)[0]!.position;
}

function refusal(channel: MemoryChannel, names: readonly string[]): CommitOutcome {
  const missing = names.filter((name) => !channel.fields.has(name));
  return { ok: false, position: channel.end, fields: pick(channel, names), missing };
}

/** The names of the fields that a refused commit's answer shows, or undefined where nothing stands against it. */
function conflictOf(
  channel: MemoryChannel,
  { ifVersion, ifFieldVersions, set, del }: CommitRequest,
): string[] | undefined {
  if (ifVersion !== undefined && !isAt(channel, ifVersion)) return [...set.keys(), ...del];
  const differing = [...(ifFieldVersions ?? [])].filter(
    ([name, version]) => !fieldIsAt(channel, name, version),
  );
  return differing.length === 0 ? undefined : differing.map(([name]) => name);
}

function isAt({ end, fields }: MemoryChannel, version: Version | null): boolean {
  return version === null ? fields.size === 0 : version.epoch === end.epoch && version.offset === end.offset;
}

function fieldIsAt({ end, fields }: MemoryChannel, name: string, version: Version | null): boolean {
  const field = fields.get(name);
  if (version === null || field === undefined) return version === null && field === undefined;
  return version.epoch === end.epoch && version.offset === field.offset;
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
