import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type {
  AppendEvent,
  EventLog,
  FollowListener,
  History,
  LogEntry,
  LogPage,
  Position,
} from '@nestwire/realtime';

/** Keeps everything that a case appends. */
export const KEEP: History = { size: 10_000, ttlMs: 10 * 60_000 };

/** An event with an operation id of its own. */
export function anEvent(fields: Partial<AppendEvent> = {}): AppendEvent {
  return { event: 'test.happened', data: '{}', operationId: randomUUID(), ...fields };
}

/** Events whose data are these numbers. */
export function numbered(first: number, last: number): AppendEvent[] {
  return range(first, last).map((number) => anEvent({ data: String(number) }));
}

/** The whole numbers from first to last. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** The place before the first entry of the log that the position is in. */
export function originOf({ epoch }: Pick<Position, 'epoch'>): Position {
  return { epoch, offset: 0, tag: 0 };
}

export function positionOf({ epoch, offset, tag }: Position): Position {
  return { epoch, offset, tag };
}

/** Appends the events one call after another, and answers with their positions. */
export async function appendEach(
  log: EventLog,
  channel: string,
  events: readonly AppendEvent[],
  history = KEEP,
): Promise<Position[]> {
  const positions: Position[] = [];
  for (const event of events) positions.push((await log.append(channel, [event], history))[0]!.position);
  return positions;
}

/** The entries of a page that must not be a gap. */
export function entriesOf(page: LogPage): readonly LogEntry[] {
  assert.equal(page.gap, undefined, `a gap (${page.gap}) where the entries can be had`);
  return 'entries' in page ? page.entries : [];
}

export function assertGap(page: LogPage, reason: LogPage['gap']): void {
  assert.equal(page.gap, reason, `expected a gap (${reason}), not ${page.gap ?? 'entries'}`);
}

/** Everything after the position, read page by page, each checked against the one before. */
export async function readAll(
  log: EventLog,
  channel: string,
  after: Position,
  history = KEEP,
  count = 1_000,
): Promise<LogEntry[]> {
  const all: LogEntry[] = [];
  for (let at = after; ;) {
    const entries = entriesOf(await log.read(channel, at, history, { count }));
    assertChain(entries, at);
    if (entries.length === 0) return all;
    all.push(...entries);
    at = positionOf(entries.at(-1)!);
  }
}

/** The entries follow the position and one another without a hole. */
export function assertChain(entries: readonly LogEntry[], after: Position): void {
  let before = after;
  for (const entry of entries) {
    assert.equal(entry.epoch, before.epoch, `entry ${entry.offset} is of another epoch than the one before`);
    assert.equal(entry.offset, before.offset + 1, 'offsets are consecutive');
    assert.equal(entry.previousTag, before.tag, `entry ${entry.offset} keeps its predecessor's tag`);
    before = entry;
  }
}

export function offsetsOf(entries: readonly Pick<Position, 'offset'>[]): number[] {
  return entries.map(({ offset }) => offset);
}

export function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

/** A listener that keeps what it is handed. */
export function recorder(): { readonly entries: LogEntry[]; readonly listener: FollowListener } {
  const entries: LogEntry[] = [];
  return { entries, listener: (handed) => void entries.push(...handed) };
}

/** Repeats the step, a turn of the event loop apart, until the work is done. */
export async function during(work: Promise<unknown>, step: () => Promise<void>): Promise<void> {
  const done = work.then(() => true);
  // Where a step fails first, that is the failure.
  done.catch(() => {});
  do await step();
  while ((await Promise.race([done, nextTurn()])) !== true);
}

/** Lets others go first, where a backend answers without a round trip. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
