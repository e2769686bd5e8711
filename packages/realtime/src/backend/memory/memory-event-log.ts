import type { Position } from '@nestwire/protocol';
import type {
  AppendEvent,
  Appended,
  EventLog,
  FollowListener,
  History,
  KeptEntries,
  LogPage,
  ReadLimit,
  Unfollow,
} from '../event-log.js';
import type { MemoryChannels } from './memory-channels.js';

/** {@link EventLog} in this process's memory. Every step is synchronous, hence atomic. */
export class MemoryEventLog implements EventLog {
  constructor(private readonly channels: MemoryChannels) {}

  async append(channel: string, events: readonly AppendEvent[], history: History): Promise<Appended[]> {
    return this.channels.of(channel, history).append(events, history);
  }

  async read(channel: string, after: Position, history: History, limit: ReadLimit): Promise<LogPage> {
    return this.channels.of(channel, history).read(after, history, limit);
  }

  async readKept(
    channel: string,
    afterOffset: number,
    history: History,
    limit: ReadLimit,
  ): Promise<KeptEntries> {
    return this.channels.of(channel, history).readKept(afterOffset, history, limit);
  }

  async end(channel: string, history: History): Promise<Position> {
    const found = this.channels.of(channel, history);
    found.touch();
    return found.end;
  }

  async follow(channel: string, listener: FollowListener): Promise<Unfollow> {
    const { followers } = this.channels.of(channel);
    // Of its own, so that one listener may follow twice and each following ends by itself.
    const follower: FollowListener = (entries) => listener(entries);
    followers.add(follower);
    return () => followers.delete(follower);
  }

  async rotate(channel: string, epoch: string, history: History): Promise<Position> {
    const found = this.channels.of(channel, history);
    if (found.end.epoch === epoch) found.rotate();
    return found.end;
  }
}
