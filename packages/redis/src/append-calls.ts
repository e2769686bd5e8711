import { type AppendEvent, type Appended, type History, IDEMPOTENCY_WINDOW_MS } from '@nestwire/realtime';
import { bodyText, parseId } from './entry-text.js';
import type { Keys } from './keys.js';
import { logTtlMs } from './log-settings.js';
import { newTag, nextTag } from './random.js';
import { unavailable } from './redis-errors.js';
import type { RedisWriter, ScriptCall } from './redis-writer.js';
import { Script } from './script.js';

const APPEND = new Script('log', 'append');
const APPEND_ONCE = new Script('log', 'operations', 'append-once');

/** Most channels and events of one call; one channel's may be more. */
const MAX_EVENTS = 256;
const MAX_LENGTH = 256 * 1024;

interface Call {
  readonly channel: string;
  readonly events: readonly AppendEvent[];
  readonly history: History;
  readonly length: number;
  readonly deadline: number;
  readonly resolve: (appended: Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends what is appended to many channels in one tick with one script call, where one server has them all: most of what a publish costs Redis,
 * and this process, is the call.
 */
export class AppendCalls {
  private waiting: Call[] = [];

  constructor(
    private readonly writer: RedisWriter,
    private readonly keys: Keys,
    private readonly isCluster: boolean,
    private readonly timeoutMs: number,
  ) {}

  /** The deadline is by `performance.now()`. */
  append(
    channel: string,
    events: readonly AppendEvent[],
    history: History,
    deadline: number,
  ): Promise<Appended[]> {
    return new Promise((resolve, reject) => {
      const length = events.reduce((sum, { data }) => sum + data.length, 0);
      this.waiting.push({ channel, events, history, length, deadline, resolve, reject });
      if (this.waiting.length === 1) queueMicrotask(() => this.flush());
    });
  }

  private flush(): void {
    const calls = this.waiting;
    this.waiting = [];
    for (const group of this.grouped(calls)) void this.send(group);
  }

  /** Calls of one history each, within the limits, and with about one deadline: the first of them is that of all. */
  private grouped(calls: readonly Call[]): (readonly Call[])[] {
    if (this.isCluster || calls.length === 1) return calls.map((call) => [call]);
    const groups: Call[][] = [];
    const open = new Map<string, { calls: Call[]; events: number; length: number }>();
    for (const call of calls) {
      const { history, events, length, deadline } = call;
      const settings = `${history.size} ${history.ttlMs}`;
      let group = open.get(settings);
      const isFull =
        group !== undefined &&
        (group.events + events.length > MAX_EVENTS ||
          group.length + length > MAX_LENGTH ||
          Math.abs(deadline - group.calls[0]!.deadline) > this.timeoutMs / 2);
      if (group === undefined || isFull) {
        group = { calls: [], events: 0, length: 0 };
        open.set(settings, group);
        groups.push(group.calls);
      }
      group.calls.push(call);
      group.events += events.length;
      group.length += length;
    }
    return groups;
  }

  private async send(calls: readonly Call[], triedAt?: number): Promise<void> {
    const tags = calls.map(() => newTag());
    const sentAt = triedAt ?? performance.now();
    try {
      const replies = await this.run(calls, tags, triedAt);
      calls.forEach(({ events, resolve, reject }, index) => {
        const reply = replies[index]!;
        if (reply === 'unknown')
          reject(unavailable(true, undefined, 'it cannot be told whether it was stored'));
        else resolve(appendedOf(reply, events.length, tags[index]!));
      });
    } catch (error) {
      // One channel's trouble is not to be the others'. Those before it have been appended to.
      if (calls.length > 1 && isRefusal(error)) for (const call of calls) void this.send([call], sentAt);
      else for (const { reject } of calls) reject(error);
    }
  }

  private run(calls: readonly Call[], tags: readonly number[], triedAt?: number): Promise<string[]> {
    const keys: string[] = [];
    for (const { channel } of calls)
      keys.push(this.keys.log(channel), this.keys.entries(channel), this.keys.live(channel));
    const { history } = calls[0]!;
    const settings = [history.size, history.ttlMs, logTtlMs(history)];
    const bodies = calls.map(({ events }) => events.map(bodyText).join('\n'));
    const records = calls.map((call) => this.addRecords(call, keys));
    const isKeyed = keys.length > 3 * calls.length;
    const isTried = calls.some((call) => call.events.some(({ isRetry }) => isRetry));
    const deadline = Math.min(...calls.map((call) => call.deadline));
    const scriptCall = (publish: string, sinceMs = isTried ? 0 : undefined): ScriptCall => {
      // Without keys, what is sent for the first time is new, and need not be looked for.
      const isNew = !isKeyed && sinceMs === undefined;
      const args = [...settings, publish];
      if (!isNew) args.push(sinceMs ?? '', IDEMPOTENCY_WINDOW_MS, calls.length);
      calls.forEach(({ events }, i) => {
        args.push(events.length, tags[i]!, bodies[i]!);
        if (!isNew) args.push(...records[i]!);
      });
      return { script: isNew ? APPEND : APPEND_ONCE, args };
    };
    return this.writer.write<string[]>(keys, scriptCall, deadline, triedAt);
  }

  /** For each event the index of its record among the keys, or 0. */
  private addRecords({ channel, events }: Call, keys: string[]): number[] {
    return events.map(({ idempotencyKey }) =>
      idempotencyKey === undefined ? 0 : keys.push(this.keys.idempotency(channel, idempotencyKey)),
    );
  }
}

/** `EPOCH OFFSET-TAG` of the last of these new events, or the epoch and each event's, with `=` before it where it was there already. */
function appendedOf(reply: string, count: number, firstTag: number): Appended[] {
  const [epoch = '', ...ids] = reply.split(' ');
  if (ids.length === count) {
    return ids.map((id) => {
      const duplicate = id.startsWith('=');
      return { position: parseId(epoch, duplicate ? id.slice(1) : id), duplicate };
    });
  }
  let { offset } = parseId(epoch, ids[0]!);
  offset -= count;
  let tag = firstTag;
  return Array.from({ length: count }, () => {
    const position = { epoch, offset: (offset += 1), tag };
    tag = nextTag(tag);
    return { position, duplicate: false };
  });
}

function isRefusal(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'internal';
}
