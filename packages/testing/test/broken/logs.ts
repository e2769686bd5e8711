import { randomUUID } from 'node:crypto';
import type { AppendEvent, Appended, EventLog, LogEntry, LogPage } from '@nestwire/realtime';
import { eventLogConformance } from '../../src/index.js';
import { type Fault, type Faults, overriding, roundTrip } from './faults.js';

/** A backend whose log has some methods replaced. */
function withLog(change: (log: EventLog) => Partial<EventLog>): Fault {
  return (backend) => ({ ...backend, log: overriding(backend.log, change(backend.log)) });
}

function appending(change: (event: AppendEvent, channel: string) => AppendEvent): Fault {
  return withLog((log) => ({
    append: (channel, events, history) =>
      log.append(
        channel,
        events.map((event) => change(event, channel)),
        history,
      ),
  }));
}

function reading(change: (entries: readonly LogEntry[]) => LogEntry[]): Fault {
  return withLog((log) => ({
    async read(...args) {
      const page = await log.read(...args);
      return 'entries' in page ? { ...page, entries: change(page.entries) } : page;
    },
  }));
}

function following(change: (entries: readonly LogEntry[]) => readonly LogEntry[]): Fault {
  return withLog((log) => ({
    follow: (channel, listener) => log.follow(channel, (entries) => listener(change(entries))),
  }));
}

function losesAppends(log: EventLog): Partial<EventLog> {
  let count = 0;
  return {
    async append(channel, events, history) {
      count += 1;
      if (count % 100 !== 0) return log.append(channel, events, history);
      const end = await log.end(channel, history);
      return events.map((_, index) => ({
        position: { ...end, offset: end.offset + 1 + index },
        duplicate: false,
      }));
    },
  };
}

function mixesCalls(log: EventLog): Partial<EventLog> {
  return {
    async append(channel, events, history) {
      const outcomes: Appended[] = [];
      for (const event of events) {
        outcomes.push(...(await log.append(channel, [event], history)));
        await roundTrip();
      }
      return outcomes;
    },
  };
}

function recoversFalsely(log: EventLog, reason: LogPage['gap']): Partial<EventLog> {
  return {
    async read(...args) {
      const page = await log.read(...args);
      return page.gap === reason ? { entries: [], end: page.end } : page;
    },
  };
}

function ignoresTags(log: EventLog): Partial<EventLog> {
  const tags = new Map<string, number>();
  return {
    async append(...args) {
      const outcomes = await log.append(...args);
      for (const { position } of outcomes) tags.set(position.epoch + position.offset, position.tag);
      return outcomes;
    },
    read: (channel, after, ...rest) =>
      log.read(channel, { ...after, tag: tags.get(after.epoch + after.offset) ?? 0 }, ...rest),
  };
}

/** Remembers idempotency keys itself and for ever, within whatever the scope says. */
function remembersKeys(
  log: EventLog,
  scopeOf: (channel: string, epoch: string) => string,
): Partial<EventLog> {
  const seen = new Map<string, Appended>();
  return {
    async append(channel, events, history) {
      const { epoch } = await log.end(channel, history);
      const key = `${scopeOf(channel, epoch)} ${events[0]?.idempotencyKey}`;
      const known = events.length === 1 ? seen.get(key) : undefined;
      if (known !== undefined) return [{ ...known, duplicate: true }];
      const outcomes = await log.append(channel, events, history);
      if (events[0]?.idempotencyKey !== undefined) seen.set(key, outcomes[0]!);
      return outcomes;
    },
  };
}

export const brokenLogs: Faults = {
  suite: eventLogConformance,
  faults: {
    '1,000 concurrent appends of two nodes get distinct consecutive offsets, and each its own entry': {
      'acknowledges what it does not store': withLog(losesAppends),
    },
    'offsets are 1, 2, 3 … within one epoch, and each entry keeps the tag of the one before': {
      'drops an entry when it is read': reading((entries) => entries.filter((_, index) => index !== 1)),
      'drops the last entry when it is read': reading((entries) => entries.slice(0, -1)),
      'doubles an entry when it is read': reading((entries) => [...entries, ...entries.slice(-1)]),
      'reads newest first': reading((entries) => [...entries].reverse()),
      'stores every event twice': withLog((log) => ({
        async append(channel, events, history) {
          const outcomes = await log.append(channel, events, history);
          await log.append(
            channel,
            events.map((event) => ({ ...event, operationId: randomUUID() })),
            history,
          );
          return outcomes;
        },
      })),
    },
    'a page holds no more than its limit, and pages join without a hole or an overlap': {
      'reads past the limit': withLog((log) => ({
        read: (channel, after, history, { count }) => log.read(channel, after, history, { count: count + 1 }),
      })),
    },
    'events of one call are appended in order': {
      'reorders the events of one call': withLog((log) => ({
        append: async (channel, events, history) =>
          (await log.append(channel, [...events].reverse(), history)).reverse(),
      })),
    },
    'concurrent calls of many events do not mix: each is atomic': {
      'mixes concurrent calls': withLog(mixesCalls),
    },
    'thousands of channels do not interfere': {
      'puts channels with a common prefix together': withLog((log) => ({
        append: (channel, ...rest) => log.append(channel.slice(0, 50), ...rest),
        read: (channel, ...rest) => log.read(channel.slice(0, 50), ...rest),
      })),
    },
    'data come back byte for byte: a big integer': {
      'parses data and prints them again': appending((event) => ({
        ...event,
        data: JSON.stringify(JSON.parse(event.data)),
      })),
    },
    'data come back byte for byte: nested empty arrays': {
      'turns empty arrays into objects': appending((event) => ({
        ...event,
        data: event.data.replaceAll('[]', '{}'),
      })),
    },
    'data come back byte for byte: 256 KB': {
      'cuts long data': appending((event) => ({ ...event, data: event.data.slice(0, 65_536) })),
    },
    'the event, its roles and its correlation id are kept': {
      'loses roles': appending((event) => ({ ...event, roles: undefined })),
      'loses the correlation id': appending((event) => ({ ...event, correlationId: undefined })),
    },
    'an event for no role at all does not become one for everybody': {
      'opens an event for no role to everybody': appending((event) => ({
        ...event,
        roles: event.roles?.length === 0 ? undefined : event.roles,
      })),
    },
    'an entry carries the time of its appending, and says when it is no longer delivered': {
      "loses an event's own time to live": appending((event) => ({ ...event, ttlMs: undefined })),
    },
    'an operation that is repeated is the same entry': {
      'does not recognise an operation': appending((event) => ({ ...event, operationId: randomUUID() })),
      'says that a duplicate is none': withLog((log) => ({
        append: async (...args) =>
          (await log.append(...args)).map((outcome) => ({ ...outcome, duplicate: false })),
      })),
    },
    '100 concurrent appends with one key are one entry': {
      'does not recognise an idempotency key': appending((event) => ({
        ...event,
        idempotencyKey: undefined,
      })),
    },
    'the same key, or operation, in two channels is two entries': {
      "takes a key of one channel for another's": withLog((log) => remembersKeys(log, () => '')),
    },
    'a key is forgotten with its epoch': {
      'remembers keys in the next epoch': withLog((log) => remembersKeys(log, (channel) => channel)),
    },
    'a key is remembered for the whole window, and then no more': {
      'remembers keys for ever': withLog((log) => remembersKeys(log, (channel, epoch) => channel + epoch)),
    },
    'entries that are too old are not read, and what cannot be checked any more is a gap': {
      'recovers what has expired': withLog((log) => recoversFalsely(log, 'expired')),
      'never drops by age': withLog((log) => ({
        append: (channel, events, history) => log.append(channel, events, { ...history, ttlMs: 1e12 }),
        read: (channel, after, history, limit) =>
          log.read(channel, after, { ...history, ttlMs: 1e12 }, limit),
      })),
    },
    'a position of another epoch is a gap, at every offset': {
      'recovers a position of another epoch': withLog((log) => recoversFalsely(log, 'epoch')),
    },
    'a position whose tag does not fit is a gap: in the middle, at the end and at the start': {
      'ignores tags': withLog(ignoresTags),
    },
    'a position at the end is recovered when every entry has expired, and its tag is still checked': {
      'does not recover the end of an empty log': withLog((log) => ({
        async read(...args): Promise<LogPage> {
          const page = await log.read(...args);
          const nothing = 'entries' in page && page.entries.length === 0 && page.end.offset > 0;
          return nothing ? { gap: 'expired', end: page.end } : page;
        },
      })),
    },
    'a log keeps as many entries as its size says, and no more': {
      'keeps one entry too many': withLog((log) => ({
        append: (channel, events, history) =>
          log.append(channel, events, { ...history, size: history.size + 1 }),
        read: (channel, after, history, limit) =>
          log.read(channel, after, { ...history, size: history.size + 1 }, limit),
      })),
      'keeps one entry too few': withLog((log) => ({
        append: (channel, events, history) =>
          log.append(channel, events, { ...history, size: Math.max(1, history.size - 1) }),
      })),
    },
    'what is appended after follow resolved is handed over, once and as it is read': {
      'hands over nothing': following(() => []),
      'hands over everything twice': following((entries) => [...entries, ...entries]),
      'changes an entry on its way to followers': following((entries) =>
        entries.map((entry) => ({ ...entry, roles: undefined })),
      ),
      'begins to follow too late': withLog((log) => ({
        async follow(channel, listener) {
          let unfollow = () => {};
          setTimeout(() => void log.follow(channel, listener).then((ended) => (unfollow = ended)), 5);
          return () => unfollow();
        },
      })),
    },
    'a follower is handed every one of many concurrent appends, once': {
      'drops every third live entry': following((entries) =>
        entries.filter(({ offset }) => offset % 3 !== 0),
      ),
    },
    'a follower is handed its own channel only': {
      'writes names in lower case': withLog((log) => ({
        append: (channel, ...rest) => log.append(channel.toLowerCase(), ...rest),
        follow: (channel, ...rest) => log.follow(channel.toLowerCase(), ...rest),
      })),
    },
    'each following ends by itself, with one listener given twice too; to end it again is nothing': {
      'never stops to follow': withLog((log) => ({
        async follow(...args) {
          await log.follow(...args);
          return () => {};
        },
      })),
    },
    'rotating is compare-and-set: with another epoch it changes nothing': {
      'rotates whatever the epoch': withLog((log) => ({
        rotate: async (channel, _epoch, history) =>
          log.rotate(channel, (await log.end(channel, history)).epoch, history),
      })),
    },
    'a rotated log is empty in another epoch, and no position of the earlier one passes': {
      'does not rotate': withLog((log) => ({
        rotate: (channel, _epoch, history) => log.end(channel, history),
      })),
    },
  },
};
