import { type Position, RESERVED_CHANNEL_PREFIXES, STATE_EVENTS } from '@nestwire/protocol';
import {
  type CommitOutcome,
  type CommitRequest,
  type DocumentStore,
  documentTooLarge,
  type History,
  type StoredDocument,
  type StoredField,
  type UnsavedDocument,
} from '@nestwire/realtime';
import type { ByteBudget } from './byte-budget.js';
import type { Keys } from './keys.js';
import { headText, parseId } from './entry-text.js';
import type { RedisClients } from './connections/redis-clients.js';
import { logTtlMs } from './log-settings.js';
import { newTag } from './random.js';
import { unavailable } from './redis-errors.js';
import { RedisSchedule } from './redis-schedule.js';
import type { RedisWriter } from './redis-writer.js';
import { Script } from './script.js';

type Version = Pick<Position, 'epoch' | 'offset'> | null;

const COMMIT = new Script('log', 'operations', 'commit');
const CLAIM_UNSAVED = new Script('claim-unsaved');
const MARK_SAVED = new Script('mark-saved');
const FIELD = 'f:';
/** Stands for any number: no document of Redis is larger. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** {@link DocumentStore} on Redis: the fields stand in the hash of their channel's log. */
export class RedisDocumentStore implements DocumentStore {
  readonly unsaved: RedisSchedule;
  readonly expiring: RedisSchedule;

  constructor(
    private readonly writer: RedisWriter,
    private readonly clients: RedisClients,
    private readonly keys: Keys,
    private readonly budget: ByteBudget,
  ) {
    this.unsaved = new RedisSchedule(writer, keys.schedule('unsaved'));
    this.expiring = new RedisSchedule(writer, keys.schedule('expiring'));
  }

  async read(id: string, names?: readonly string[]): Promise<StoredDocument | undefined> {
    const contents = await (names === undefined ? this.readAll(id) : this.readSome(id, names));
    const [epoch, last, count] = ['e', 'p', 'n'].map((name) => contents.get(name));
    if (epoch === undefined || last === undefined || count === undefined || count === '0') return undefined;
    return { position: parseId(epoch, last), fields: fieldsOf(contents) };
  }

  async commit(id: string, request: CommitRequest, history: History): Promise<CommitOutcome> {
    const release = this.budget.hold(lengthOf(request));
    try {
      return await this.send(id, request, history);
    } finally {
      release();
    }
  }

  async claimUnsaved(
    id: string,
    claimMs: number,
    { regardless = false }: { regardless?: boolean } = {},
  ): Promise<UnsavedDocument | { claimedForMs: number } | undefined> {
    const reply = await this.writer.run<string[]>(CLAIM_UNSAVED, [this.keys.log(channelOf(id))], () => [
      Math.round(claimMs),
      regardless ? 1 : 0,
    ]);
    if (reply.length < 2) return reply.length === 0 ? undefined : { claimedForMs: Number(reply[0]) };
    const [epoch, last, revision, ...contents] = reply;
    const position = parseId(epoch!, last!);
    return { position, revision: Number(revision), fields: fieldsOf(pairsOf(contents)) };
  }

  async markSaved(id: string, { epoch, offset, tag }: Position): Promise<void> {
    await this.writer.run(MARK_SAVED, [this.keys.log(channelOf(id))], () => [epoch, `${offset}-${tag}`]);
  }

  async readRemoved(id: string): Promise<ReadonlyMap<string, StoredField> | undefined> {
    const key = this.keys.removed(channelOf(id));
    const contents = await this.clients.attempt(key, (client) => client.hgetall(key));
    const fields = fieldsOf(Object.entries(contents));
    return fields.size === 0 ? undefined : fields;
  }

  async forgetRemoved(id: string): Promise<void> {
    const key = this.keys.removed(channelOf(id));
    await this.clients.attempt(key, (client) => client.del(key));
  }

  private async send(id: string, request: CommitRequest, history: History): Promise<CommitOutcome> {
    const channel = channelOf(id);
    const { keys } = this;
    const names = [keys.log(channel), keys.entries(channel), keys.live(channel)];
    const isOfRemoved = request.del.length > 0 || request.ifFieldVersions !== undefined;
    if (isOfRemoved) names.push(keys.tombstones(channel));
    if (isOfRemoved && request.keepRemoved) names.push(keys.removed(channel));
    const head = headText({ event: STATE_EVENTS.patch, ...pick(request) });
    const rest = restOf(request);
    const tag = newTag();
    const reply = await this.writer.write<string | string[]>(
      names,
      (publish, sinceMs = request.isRetry ? 0 : undefined) => {
        const operation = sinceMs === undefined ? '' : `${sinceMs} ${request.operationId}`;
        const settings = [history.size, history.ttlMs, logTtlMs(history), publish];
        return { script: COMMIT, args: [...settings, operation, tag, head, ...rest] };
      },
    );
    return outcomeOf(reply, request);
  }

  private async readAll(id: string): Promise<Map<string, string>> {
    const key = this.keys.log(channelOf(id));
    const contents = await this.clients.attempt(key, (client) => client.hgetall(key));
    return new Map(Object.entries(contents));
  }

  private async readSome(id: string, names: readonly string[]): Promise<Map<string, string>> {
    const asked = ['e', 'p', 'n', ...names.map((name) => FIELD + name)];
    const key = this.keys.log(channelOf(id));
    const values = await this.clients.attempt(key, (client) => client.hmget(key, ...asked));
    return new Map(
      asked.flatMap((name, index) => {
        const value = values[index];
        return typeof value === 'string' ? [[name, value] as const] : [];
      }),
    );
  }
}

function outcomeOf(reply: string | string[], { maxFields, maxBytes }: CommitRequest): CommitOutcome {
  if (typeof reply === 'string') return { ok: true, position: positionOf(reply), changed: true };
  const [status, epoch, id, flag, ...rest] = reply;
  if (status === 'unknown') throw unavailable(true, undefined, 'it cannot be told whether it was stored');
  if (status === 'fields') throw documentTooLarge(status, Number(epoch), maxFields!);
  if (status === 'bytes') throw documentTooLarge(status, Number(epoch), maxBytes!);
  const position = parseId(epoch!, id!);
  if (status === 'unchanged') return { ok: true, position, changed: false };
  const fields = new Map<string, StoredField>();
  const missing: string[] = [];
  for (let i = 0; i + 1 < rest.length; i += 2) {
    const [name, text] = [rest[i]!, rest[i + 1]!];
    if (text === '') missing.push(name);
    else fields.set(name, parseField(text));
  }
  const unloaded = status === 'unloaded' && { unloaded: true as const };
  return { ok: false, position, exists: flag === '1', fields, missing, ...unloaded };
}

function positionOf(text: string): Position {
  const space = text.indexOf(' ');
  return parseId(text.slice(0, space), text.slice(space + 1));
}

/** The arguments of a commit that are the same whenever it is tried. */
function restOf(request: CommitRequest): (string | number)[] {
  const { ifVersion, maxFields = UNBOUNDED, maxBytes = UNBOUNDED, ifFieldVersions, set, del } = request;
  const rest: (string | number)[] = [
    ifVersion === undefined ? '' : versionText(ifVersion),
    flagsOf(request),
    maxFields,
    maxBytes,
    ifFieldVersions?.size ?? 0,
  ];
  for (const [name, version] of ifFieldVersions ?? []) rest.push(name, versionText(version));
  rest.push(set.size);
  for (const [name, value] of set) rest.push(name, JSON.stringify(name), value);
  rest.push(del.length);
  for (const name of del) rest.push(name, JSON.stringify(name));
  return rest;
}

function flagsOf({ ifLoaded, isSaved, ifExists }: CommitRequest): string {
  const loaded = ifLoaded === undefined ? '' : ifLoaded ? 'l' : 'u';
  return `${loaded}${isSaved ? 's' : ''}${ifExists ? 'e' : ''}`;
}

function versionText(version: Version): string {
  return version === null ? 'none' : `${version.epoch}-${version.offset}`;
}

function lengthOf({ set, del }: CommitRequest): number {
  let length = 0;
  for (const [name, value] of set) length += name.length + value.length;
  for (const name of del) length += name.length;
  return length;
}

function fieldsOf(contents: Iterable<readonly [string, string]>): Map<string, StoredField> {
  const fields = [...contents].filter(([name]) => name.startsWith(FIELD));
  return new Map(fields.map(([name, text]) => [name.slice(FIELD.length), parseField(text)]));
}

function pairsOf(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index]!, flat[2 * index + 1]!]);
}

function parseField(text: string): StoredField {
  const space = text.indexOf(' ');
  return { offset: Number(text.slice(0, space)), value: text.slice(space + 1) };
}

function pick({
  operationId,
  correlationId,
}: CommitRequest): Pick<CommitRequest, 'operationId' | 'correlationId'> {
  return correlationId === undefined ? { operationId } : { operationId, correlationId };
}

function channelOf(id: string): string {
  return RESERVED_CHANNEL_PREFIXES.state + id;
}
