import type { Position } from '@nestwire/protocol';
import {
  type AppendEvent,
  type Appended,
  type EventLog,
  type FollowListener,
  type History,
  type KeptEntries,
  type LogEntry,
  type LogPage,
  type ReadLimit,
  type Unfollow,
} from '@nestwire/realtime';
import { AppendCalls } from './append-calls.js';
import { Appender } from './appender.js';
import type { ByteBudget } from './byte-budget.js';
import { parseEntry, parseId, timeOf } from './entry-text.js';
import type { Follower } from './follower.js';
import { GatheredScript } from './gathered-script.js';
import type { Keys } from './keys.js';
import { logTtlMs } from './log-settings.js';
import { newEpoch, newTag } from './random.js';
import type { RedisWriter } from './redis-writer.js';
import { Script } from './script.js';

const END = new GatheredScript('log', 'time', 'end');
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
    isCluster: boolean,
    timeoutMs: number,
  ) {
    const calls = new AppendCalls(writer, keys, isCluster, timeoutMs);
    this.appender = new Appender((...batch) => calls.append(...batch), budget, timeoutMs);
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
    const keys = [this.keys.log(channel), this.keys.entries(channel)];
    const [epoch, last] = await this.writer.ask<[string, string]>(END, keys, [newTag(), logTtlMs(history)]);
    return parseId(epoch, last);
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

/** Redis trims by whole nodes of a stream, and by age now and then: readers hold to the numbers. */
function isKept(entry: LogEntry, end: Position, { size, ttlMs }: History, now: number): boolean {
  return entry.offset > end.offset - size && entry.time >= now - ttlMs;
}
