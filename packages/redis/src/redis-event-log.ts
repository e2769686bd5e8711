import type { Position } from '@nestwire/protocol';
import {
  type AppendEvent,
  type Appended,
  type EventLog,
  type FollowListener,
  type History,
  IDEMPOTENCY_WINDOW_MS,
  type KeptEntries,
  type LogEntry,
  type LogPage,
  type ReadLimit,
  type Unfollow,
} from '@nestwire/realtime';
import { randomBytes } from 'node:crypto';
import { Appender } from './appender.js';
import type { ByteBudget } from './byte-budget.js';
import { headText, parseEntry } from './entry-text.js';
import type { Follower } from './follower.js';
import type { Keys } from './keys.js';
import type { RedisWriter } from './redis-writer.js';
import { Script } from './script.js';

const APPEND = new Script('log', 'append');
const READ = new Script('log', 'read');
const ROTATE = new Script('log', 'rotate');

/** {@link EventLog} on Redis: a hash and a stream per channel, one script per operation. */
export class RedisEventLog implements EventLog {
  private readonly appender: Appender;

  constructor(
    private readonly writer: RedisWriter,
    private readonly keys: Keys,
    private readonly follower: Follower,
    budget: ByteBudget,
  ) {
    this.appender = new Appender(
      (channel, events, history) => this.appendBatch(channel, events, history),
      budget,
    );
  }

  append(channel: string, events: readonly AppendEvent[], history: History): Promise<Appended[]> {
    return events.length === 0 ? Promise.resolve([]) : this.appender.add(channel, events, history);
  }

  async read(channel: string, after: Position, history: History, { count }: ReadLimit): Promise<LogPage> {
    const { time, end, entries } = await this.load(channel, history, after.offset, count);
    if (after.epoch !== end.epoch || after.offset > end.offset) return { gap: 'epoch', end };
    if (after.offset === end.offset)
      return after.tag === end.tag ? { entries: [], end } : { gap: 'epoch', end };
    const [next] = entries;
    if (next?.offset !== after.offset + 1 || !isKept(next, end, history, time))
      return { gap: 'expired', end };
    return next.previousTag === after.tag ? { entries, end } : { gap: 'epoch', end };
  }

  async readKept(
    channel: string,
    afterOffset: number,
    history: History,
    { count }: ReadLimit,
  ): Promise<KeptEntries> {
    const { time, end, entries } = await this.load(channel, history, afterOffset, count);
    return { entries: entries.filter((entry) => isKept(entry, end, history, time)), end };
  }

  async end(channel: string, history: History): Promise<Position> {
    return (await this.load(channel, history, 0, 0)).end;
  }

  follow(channel: string, listener: FollowListener): Promise<Unfollow> {
    return this.follower.follow(channel, listener);
  }

  async rotate(channel: string, epoch: string, history: History): Promise<Position> {
    const keys = [this.keys.log(channel), this.keys.entries(channel)];
    const args = [epoch, newEpoch(), newTags(1)[0]!, logTtlMs(history)];
    const [next, offset, tag] = await this.writer.run<[string, string, string]>(ROTATE, keys, () => args);
    return { epoch: next, offset: Number(offset), tag: Number(tag) };
  }

  private async appendBatch(
    channel: string,
    events: readonly AppendEvent[],
    history: History,
  ): Promise<Appended[]> {
    const keys = [this.keys.log(channel), this.keys.entries(channel), this.keys.live(channel)];
    const tags = newTags(events.length);
    const eventArgs = events.flatMap((event, index) => {
      const { idempotencyKey } = event;
      const record =
        idempotencyKey === undefined ? 0 : keys.push(this.keys.idempotency(channel, idempotencyKey));
      return [tags[index]!, event.operationId, record, headText(event), event.data];
    });
    const candidate = newEpoch();
    const [epoch, ...replies] = await this.writer.write<string[]>(APPEND, keys, (publish, isRetry) => [
      candidate,
      history.size,
      history.ttlMs,
      logTtlMs(history),
      publish,
      isRetry || events.some((event) => event.isRetry) ? 1 : 0,
      IDEMPOTENCY_WINDOW_MS,
      ...eventArgs,
    ]);
    return events.map((_, index) => appendedOf(epoch!, replies.slice(index * 3, index * 3 + 3)));
  }

  private async load(
    channel: string,
    history: History,
    offset: number,
    count: number,
  ): Promise<{ time: number; end: Position; entries: LogEntry[] }> {
    const keys = [this.keys.log(channel), this.keys.entries(channel)];
    const args = [newEpoch(), logTtlMs(history), offset, count];
    const [time, epoch, last, tag, ...rest] = await this.writer.run<string[]>(READ, keys, () => args);
    const entries: LogEntry[] = [];
    for (let i = 0; i + 1 < rest.length; i += 2) entries.push(parseEntry(epoch!, rest[i]!, rest[i + 1]!));
    return { time: Number(time), end: { epoch: epoch!, offset: Number(last), tag: Number(tag) }, entries };
  }
}

/** Metadata outlives entries and idempotency records, and a day's silence. */
export function logTtlMs({ ttlMs }: History): number {
  return 2 * Math.max(ttlMs, IDEMPOTENCY_WINDOW_MS) + 24 * 60 * 60_000;
}

export function newEpoch(): string {
  return randomBytes(8).toString('hex');
}

export function newTags(count: number): number[] {
  const bytes = randomBytes(4 * count);
  return Array.from({ length: count }, (_, index) => bytes.readUInt32BE(4 * index));
}

function appendedOf(epoch: string, [offset, tag, duplicate]: string[]): Appended {
  return { position: { epoch, offset: Number(offset), tag: Number(tag) }, duplicate: duplicate === '1' };
}

/** Redis trims by whole nodes of a stream, and by age now and then: readers hold to the numbers. */
function isKept(entry: LogEntry, end: Position, { size, ttlMs }: History, now: number): boolean {
  return entry.offset > end.offset - size && entry.time >= now - ttlMs;
}
