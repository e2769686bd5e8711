import { waitFor } from '@nestwire/harness';
import { type EventLog, type LogEntry, memoryBackend } from '../../src/index.js';
import type { Batch } from '../../src/channels/batch.js';
import { BackendClock } from '../../src/channels/backend-clock.js';
import { ReplayedBatches } from '../../src/channels/replayed-batches.js';
import { Round } from '../../src/channels/round.js';
import { Topic } from '../../src/channels/topic.js';
import { Counters } from '../../src/observability/counters.js';

const HISTORY = { size: 1_000, ttlMs: 30_000 };
const NAME = 'a';

/** A topic that ticks as in the hub, with one listener. */
class Follower {
  readonly offsets: number[] = [];
  readonly gaps: string[] = [];
  readonly topic: Topic;
  touches = 0;

  constructor(log: EventLog) {
    this.topic = new Topic(NAME, HISTORY, {
      log,
      counters: new Counters(),
      clock: new BackendClock(),
      replayed: new ReplayedBatches(),
      schedule: () => setImmediate(() => this.tick()),
      maxFillBytes: 1_000_000,
      scheduleSilent: () => undefined,
      sessionChanged: () => undefined,
      isHeld: () => false,
      onRelease: () => () => undefined,
      sessionNoted: () => undefined,
      sessionUnsure: () => undefined,
      touched: () => (this.touches += 1),
      report: () => undefined,
    });
  }

  static async of(log: EventLog): Promise<Follower> {
    const follower = new Follower(log);
    await follower.topic.ready;
    const deliver = ({ chunks }: Batch): void => {
      for (const { entries } of chunks) follower.offsets.push(...entries.map(({ offset }) => offset));
    };
    follower.topic.join({
      receiver: { due: undefined, deliver },
      transport: 'sse',
      roles: [],
      place: -1,
      onGap: ({ reason }) => follower.gaps.push(reason),
    });
    return follower;
  }

  private tick(): void {
    const round = new Round();
    if (this.topic.flush(round)) setImmediate(() => this.tick());
    round.deliver();
  }
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

async function append(log: EventLog, count: number, data = '1'): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await log.append(NAME, [{ event: 'e', data, operationId: `${performance.now()}-${i}` }], HISTORY);
  }
}

/** A log in memory whose followers hear only what the test lets through. */
function deafLog(): { log: EventLog; heard: LogEntry[]; tell: (entries: readonly LogEntry[]) => void } {
  const { log } = memoryBackend();
  const heard: LogEntry[] = [];
  let tell: (entries: readonly LogEntry[]) => void = () => undefined;
  const follow: EventLog['follow'] = (channel, listener) => {
    tell = listener;
    return log.follow(channel, (entries) => heard.push(...entries));
  };
  const deaf = Object.assign(Object.create(log) as EventLog, { follow });
  return { log: deaf, heard, tell: (entries) => tell(entries) };
}

/** Lets something happen between the log's answer to each reading, which are counted, and its arrival. */
function whenRead(log: EventLog, happen: (reads: number) => unknown): { reads: number } {
  const read = log.read.bind(log);
  const counted = { reads: 0 };
  log.read = async (...args) => {
    const page = await read(...args);
    counted.reads += 1;
    await happen(counted.reads);
    return page;
  };
  return counted;
}

describe('Topic', () => {
  it('heals a hole from the log', async () => {
    const { log, heard, tell } = deafLog();
    const { topic, offsets, gaps } = await Follower.of(log);
    await append(log, 5);

    tell(heard.slice(0, 2));
    tell(heard.slice(4));

    await waitFor(() => offsets.length === 5, { what: 'all five' });
    expect(offsets).toEqual(numbers(1, 5));
    expect(gaps).toEqual([]);
    topic.close();
  });

  // Whether it is the reading that brings it or the following, and however close to the reading's end.
  it.each(numbers(0, 12))(
    'misses nothing that arrives %i turns after the log has answered',
    async (turns) => {
      const { log, heard, tell } = deafLog();
      const { topic, offsets } = await Follower.of(log);
      await append(log, 3);
      const later = async (): Promise<void> => {
        await append(log, 1);
        for (let i = 0; i < turns; i += 1) await Promise.resolve();
        tell(heard.slice(3));
      };
      whenRead(log, (reads) => {
        if (reads === 1) void later();
      });

      tell(heard.slice(2));

      await waitFor(() => offsets.length === 4, { what: 'the fourth entry', timeoutMs: 1_000 });
      expect(offsets).toEqual(numbers(1, 4));
      topic.close();
    },
  );

  it('is level with a channel on which something arrives during every reading', async () => {
    const { log, heard, tell } = deafLog();
    const { topic, offsets, gaps } = await Follower.of(log);
    await append(log, 3);
    const counted = whenRead(log, async () => {
      await append(log, 1);
      tell(heard.slice(-1));
    });

    tell(heard.slice(2));
    await topic.catchUp();

    expect(topic.end.offset).toBe(4);
    await waitFor(() => offsets.length === 4, { what: 'all four' });
    expect({ offsets, gaps, ...counted }).toEqual({ offsets: numbers(1, 4), gaps: [], reads: 1 });
    topic.close();
  });

  it('loses none of more entries than may be kept that arrive while the log is read', async () => {
    const { log, heard, tell } = deafLog();
    const { topic, offsets, gaps } = await Follower.of(log);
    await append(log, 3);
    const counted = whenRead(log, async (reads) => {
      if (reads > 1) return;
      await append(log, 120, JSON.stringify('x'.repeat(200_000)));
      tell(heard.slice(3));
    });

    tell(heard.slice(2));

    await waitFor(() => offsets.length === 123, { what: 'all entries' });
    expect({ offsets, gaps }).toEqual({ offsets: numbers(1, 123), gaps: [] });
    expect(counted.reads).toBeGreaterThan(1);
    topic.close();
  });

  it('reads the log once more for all that arrive late from an epoch that is over', async () => {
    const { log, heard, tell } = deafLog();
    const { topic, offsets, gaps } = await Follower.of(log);
    await append(log, 50);
    const late = heard.splice(0);
    await log.rotate(NAME, topic.end.epoch, HISTORY);
    await append(log, 2);
    const counted = whenRead(log, (reads) => {
      if (reads === 1) tell(late);
    });

    tell(heard.slice(-1));
    await topic.catchUp();

    await waitFor(() => offsets.length === 2, { what: 'what the new log holds' });
    expect({ offsets, gaps, ...counted }).toEqual({ offsets: [1, 2], gaps: ['epoch'], reads: 3 });
    topic.close();
  });

  it('loses none of more missing entries than may wait for a tick', async () => {
    const { log, heard, tell } = deafLog();
    const { topic, offsets, gaps } = await Follower.of(log);
    await append(log, 120, JSON.stringify('x'.repeat(200_000)));

    tell(heard.slice(-1));

    await waitFor(() => offsets.length === 120, { what: 'all entries' });
    expect(offsets).toEqual(numbers(1, 120));
    expect(gaps).toEqual([]);
    topic.close();
  });

  it('loses none of more entries of one moment than may wait for a tick', async () => {
    const { log, heard, tell } = deafLog();
    const { topic, offsets, gaps } = await Follower.of(log);
    await append(log, 120, JSON.stringify('x'.repeat(200_000)));

    tell(heard);

    await waitFor(() => offsets.length === 120, { what: 'all entries' });
    expect(offsets).toEqual(numbers(1, 120));
    expect(gaps).toEqual([]);
    topic.close();
  });

  it('takes a doubled entry for one, and an unfit one for another life of the log', async () => {
    const { log, heard, tell } = deafLog();
    const { topic, offsets, gaps } = await Follower.of(log);
    await append(log, 2);
    tell(heard);
    tell(heard);
    await waitFor(() => offsets.length === 2, { what: 'both' });
    expect(gaps).toEqual([]);

    const { epoch } = topic.end;
    tell([{ ...heard[1]!, tag: heard[1]!.tag + 1 }]);

    await waitFor(() => gaps.length === 1, { what: 'the gap' });
    expect((await log.end(NAME, HISTORY)).epoch).not.toBe(epoch);
    expect(topic.end).toEqual(await log.end(NAME, HISTORY));
    topic.close();
  });

  it('goes on at the beginning of a log that has begun anew, which is told once', async () => {
    const { log, heard, tell } = deafLog();
    const { topic, offsets, gaps } = await Follower.of(log);
    await append(log, 2);
    tell(heard.splice(0));
    await waitFor(() => offsets.length === 2, { what: 'both' });

    await log.rotate(NAME, topic.end.epoch, HISTORY);
    await append(log, 5);
    tell(heard.slice(-1));

    await waitFor(() => offsets.length === 7, { what: 'what the new log holds' });
    expect(offsets).toEqual([1, 2, ...numbers(1, 5)]);
    expect(gaps).toEqual(['epoch']);
    topic.close();
  });

  it('goes on where a log that has begun anew still holds entries, and says that some are gone', async () => {
    const { log, heard, tell } = deafLog();
    const { topic, offsets, gaps } = await Follower.of(log);
    await log.rotate(NAME, topic.end.epoch, HISTORY);
    await append(log, HISTORY.size + 5);

    tell(heard.slice(-1));

    await waitFor(() => gaps.length === 2, { what: 'both gaps' });
    expect(gaps).toEqual(['epoch', 'expired']);
    await append(log, 1);
    tell(heard.slice(-1));
    await waitFor(() => offsets.length > 0, { what: 'what comes next' });
    expect(offsets.at(-1)).toBe(HISTORY.size + 6);
    topic.close();
  });

  it('is not reckoned with any more where a reading ends after it was closed', async () => {
    const { log } = deafLog();
    await append(log, 3);
    const follower = await Follower.of(log);
    const [, second] = (await log.readKept(NAME, 0, HISTORY, { count: 3 })).entries;
    const readKept = log.readKept.bind(log);
    log.readKept = async (...args) => {
      follower.topic.close();
      return readKept(...args);
    };

    await follower.topic.read(second!, { count: 10 });

    expect(follower.touches).toBe(0);
  });
});
