import { randomBytes, randomInt } from 'node:crypto';
import type { Position } from '@nestwire/protocol';
import {
  type AppendEvent,
  type Appended,
  type FollowListener,
  type History,
  IDEMPOTENCY_WINDOW_MS,
  type KeptEntries,
  type LogEntry,
  type LogPage,
  type ReadLimit,
} from '../event-log.js';
import type { StoredField } from '../document-store.js';
import type { Clock } from '../../clock.js';
import { Tombstones } from './tombstones.js';

/** Our own retries come soon after the first try: so many operations of a channel are remembered. */
const REMEMBERED_OPERATIONS = 1_000;

interface Stored {
  readonly entry: LogEntry;
  /** By the monotonic clock: a jump of the other one must not expire anything. */
  readonly storedAt: number;
}

/** What is known of a document beside its fields. */
interface Upkeep {
  /** As it was last saved. */
  saved?: Position;
  revision: number;
  /** By the monotonic clock. */
  claimedUntil: number;
  /** What the last commit that was to keep it has removed. */
  removed?: ReadonlyMap<string, StoredField>;
}

/** One channel's log with its followers and, where it is a document's, the fields that its patches fold to. */
export class MemoryChannel {
  readonly followers = new Set<FollowListener>();
  readonly fields = new Map<string, StoredField>();
  readonly upkeep: Upkeep = { revision: 0, claimedUntil: 0 };
  readonly tombstones: Tombstones;
  /** Bytes of the names and values of all fields. */
  fieldBytes = 0;
  end: Position = birth();
  usedAt: number;
  private readonly stored: Stored[] = [];
  private readonly operations = new Map<string, Position>();
  private readonly keys = new Map<string, { position: Position; until: number }>();

  constructor(readonly clock: Clock) {
    this.usedAt = clock.monotonic();
    this.tombstones = new Tombstones(clock);
  }

  /** The document has changes that are not saved. */
  get isUnsaved(): boolean {
    const { saved } = this.upkeep;
    return this.end.offset > 0 && (saved?.offset !== this.end.offset || saved.epoch !== this.end.epoch);
  }

  /** Keeps the channel from being swept out as idle. */
  touch(): void {
    this.usedAt = this.clock.monotonic();
  }

  append(events: readonly AppendEvent[], history: History): Appended[] {
    this.touch();
    const fresh: LogEntry[] = [];
    const outcomes = events.map((event) => {
      const seen = this.recall(event);
      if (seen !== undefined) return { position: seen, duplicate: true };
      const entry = this.add(event);
      fresh.push(entry);
      return { position: positionOf(entry), duplicate: false };
    });
    this.trim(history);
    if (fresh.length > 0) for (const listener of this.followers) listener(fresh);
    return outcomes;
  }

  /** The position of an operation that was appended before, for whoever must know ahead of the append. */
  recall(event: Pick<AppendEvent, 'operationId' | 'isRetry' | 'idempotencyKey'>): Position | undefined {
    const operation = event.isRetry ? this.operations.get(event.operationId) : undefined;
    if (operation !== undefined || event.idempotencyKey === undefined) return operation;
    const record = this.keys.get(event.idempotencyKey);
    return record !== undefined && record.until > this.clock.monotonic() ? record.position : undefined;
  }

  read(after: Position, history: History, limit: ReadLimit): LogPage {
    this.touch();
    this.trim(history);
    const { end } = this;
    if (after.epoch !== end.epoch || after.offset > end.offset) return { gap: 'epoch', end };
    if (after.offset === end.offset)
      return after.tag === end.tag ? { entries: [], end } : { gap: 'epoch', end };
    const first = this.stored[0]?.entry.offset ?? end.offset + 1;
    const index = after.offset + 1 - first;
    const next = this.stored[index]?.entry;
    if (next === undefined) return { gap: 'expired', end };
    if (next.previousTag !== after.tag) return { gap: 'epoch', end };
    return { entries: this.stored.slice(index, index + limit.count).map(({ entry }) => entry), end };
  }

  readKept(afterOffset: number, history: History, limit: ReadLimit): KeptEntries {
    this.trim(history);
    const kept = this.stored.filter(({ entry }) => entry.offset > afterOffset).slice(0, limit.count);
    return { entries: kept.map(({ entry }) => entry), end: this.end };
  }

  /**
   * Begins another epoch, without entries. A document keeps its fields, whose versions are new too; its log then starts after
   * an entry that nobody has, so that no position from before the first patch passes for one.
   */
  rotate(): void {
    this.end = birth();
    if (this.fields.size > 0) this.end = { ...this.end, offset: 1, tag: randomInt(2 ** 32) };
    for (const [name, { value }] of this.fields) this.fields.set(name, { value, offset: 1 });
    this.stored.length = 0;
    this.operations.clear();
    this.keys.clear();
    this.tombstones.clear();
  }

  /** Drops what is over the size or too old. */
  trim(history: History): void {
    const oldest = this.clock.monotonic() - history.ttlMs;
    let drop = Math.max(0, this.stored.length - history.size);
    while (drop < this.stored.length && this.stored[drop]!.storedAt < oldest) drop += 1;
    if (drop > 0) this.stored.splice(0, drop);
    this.tombstones.trim(history);
    for (const [key, { until }] of this.keys) {
      if (until > this.clock.monotonic()) break;
      this.keys.delete(key);
    }
  }

  private add(event: AppendEvent): LogEntry {
    const time = this.clock.now();
    const entry: LogEntry = {
      epoch: this.end.epoch,
      offset: this.end.offset + 1,
      tag: randomInt(2 ** 32),
      previousTag: this.end.tag,
      time,
      event: event.event,
      data: event.data,
      ...(event.roles === undefined ? {} : { roles: [...event.roles] }),
      ...(event.correlationId === undefined ? {} : { correlationId: event.correlationId }),
      ...(event.ttlMs === undefined ? {} : { expiresAt: time + event.ttlMs }),
    };
    this.stored.push({ entry, storedAt: this.clock.monotonic() });
    this.end = positionOf(entry);
    this.remember(event);
    return entry;
  }

  private remember({ operationId, idempotencyKey }: AppendEvent): void {
    this.operations.set(operationId, this.end);
    if (this.operations.size > REMEMBERED_OPERATIONS)
      this.operations.delete(this.operations.keys().next().value!);
    if (idempotencyKey === undefined) return;
    this.keys.delete(idempotencyKey);
    this.keys.set(idempotencyKey, {
      position: this.end,
      until: this.clock.monotonic() + IDEMPOTENCY_WINDOW_MS,
    });
  }
}

function birth(): Position {
  return { epoch: randomBytes(8).toString('hex'), offset: 0, tag: 0 };
}

function positionOf({ epoch, offset, tag }: LogEntry): Position {
  return { epoch, offset, tag };
}
