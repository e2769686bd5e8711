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
import { Appender } from './appender.js';
import type { ByteBudget } from './byte-budget.js';
import { bodyText, parseEntry, parseId, timeOf } from './entry-text.js';
import type { Follower } from './follower.js';
import type { Keys } from './keys.js';
import { dropCount, logTtlMs, newEpoch, newTag, newTags } from './log-settings.js';
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
    const args = [epoch, newEpoch(), newTag(), logTtlMs(history)];
    const [next, id] = await this.writer.run<[string, string]>(ROTATE, keys, () => args);
    return parseId(next, id);
  }

  private async appendBatch(
    channel: string,
    events: readonly AppendEvent[],
    history: History,
  ): Promise<Appended[]> {
    const keys = [this.keys.log(channel), this.keys.entries(channel), this.keys.live(channel)];
    const tags = newTags(events.length);
    const eventArgs = this.eventArgs(channel, events, tags, keys);
    const drop = dropCount(events.length);
    const mayBeThere = events.some(({ isRetry }) => isRetry);
    const reply = await this.writer.write<string | string[]>(APPEND, keys, (publish, isRetry) => [
      history.size,
      history.ttlMs,
      logTtlMs(history),
      publish,
      isRetry || mayBeThere ? 1 : 0,
      drop,
      IDEMPOTENCY_WINDOW_MS,
      ...eventArgs,
    ]);
    return typeof reply === 'string' ? allAppended(reply, tags) : eachAppended(reply);
  }

  /** Adds the records of idempotency keys to `keys`, where there are any. */
  private eventArgs(
    channel: string,
    events: readonly AppendEvent[],
    tags: readonly number[],
    keys: string[],
  ): (string | number)[] {
    const isKeyed = events.some(({ idempotencyKey }) => idempotencyKey !== undefined);
    return events.flatMap((event, index) => {
      const { idempotencyKey } = event;
      if (!isKeyed) return [tags[index]!, bodyText(event)];
      const record =
        idempotencyKey === undefined ? 0 : keys.push(this.keys.idempotency(channel, idempotencyKey));
      return [tags[index]!, bodyText(event), record];
    });
  }

  private async load(
    channel: string,
    history: History,
    offset: number,
    count: number,
  ): Promise<{ time: number; end: Position; entries: LogEntry[] }> {
    const keys = [this.keys.log(channel), this.keys.entries(channel)];
    const args = [newTag(), logTtlMs(history), offset, count];
    const [seconds, microseconds, epoch, last, ...rest] = await this.writer.run<string[]>(
      READ,
      keys,
      () => args,
    );
    const entries: LogEntry[] = [];
    for (let i = 0; i + 2 < rest.length; i += 3)
      entries.push(parseEntry(epoch!, rest[i]!, rest[i + 1]!, rest[i + 2]!));
    return { time: timeOf(seconds!, microseconds!), end: parseId(epoch!, last!), entries };
  }
}

/** "EPOCH OFFSET-TAG" of the last event, where all are new. */
function allAppended(reply: string, tags: readonly number[]): Appended[] {
  const [epoch = '', id = ''] = reply.split(' ');
  const before = parseId(epoch, id).offset - tags.length;
  return tags.map((tag, index) => ({
    position: { epoch, offset: before + index + 1, tag },
    duplicate: false,
  }));
}

/** The epoch, and for each event OFFSET-TAG, with `=` before it where it was there already. */
function eachAppended([epoch, ...ids]: string[]): Appended[] {
  return ids.map((id) => {
    const duplicate = id.startsWith('=');
    return { position: parseId(epoch!, duplicate ? id.slice(1) : id), duplicate };
  });
}

/** Redis trims by whole nodes of a stream, and by age now and then: readers hold to the numbers. */
function isKept(entry: LogEntry, end: Position, { size, ttlMs }: History, now: number): boolean {
  return entry.offset > end.offset - size && entry.time >= now - ttlMs;
}
