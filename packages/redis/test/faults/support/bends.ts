import { randomUUID } from 'node:crypto';
import { type Appended, type Backend, type EventLog, type LogEntry, RealtimeError } from '@nestwire/realtime';

type Bend = (log: EventLog) => Partial<EventLog>;

/** What a network does to entries that are published, and a hub must put up with. */
const HARMLESS: Record<string, Bend> = {
  /** Entries arrive long after whoever reads the log has seen them: the seam between the two. */
  late: (log) => ({
    follow: (channel, listener) =>
      log.follow(channel, (entries) => void setTimeout(() => listener(entries), Math.random() * 60)),
  }),
  /** Some never, some twice, some in the wrong order, and reading takes its time. */
  lossy: (log) => ({
    follow: (channel, listener) =>
      log.follow(channel, (entries) => {
        const luck = Math.random();
        if (luck < 0.2) return;
        if (luck < 0.4) listener(entries);
        listener(luck < 0.5 ? [...entries].reverse() : entries);
      }),
    async read(...args) {
      const page = await log.read(...args);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
      return page;
    },
  }),
};

/** Each breaks a promise, so that it is seen that the run finds out. */
const BROKEN: Record<string, Bend> = {
  drops: (log) => reading(log, (entries) => entries.filter(({ offset }) => offset % 5 !== 0)),
  reorders: (log) =>
    reading(log, (entries) => [...entries.slice(1, 2), ...entries.slice(0, 1), ...entries.slice(2)]),
  changes: (log) =>
    reading(log, (entries) => entries.map((entry) => ({ ...entry, data: '{"id":"changed"}' }))),
  doubles: (log) => ({
    async append(channel, events, history) {
      const appended = await log.append(channel, events, history);
      const again = events.map((event) => ({
        ...event,
        operationId: randomUUID(),
        idempotencyKey: randomUUID(),
      }));
      if (sometimes()) await log.append(channel, again, history);
      return appended;
    },
  }),
  /** Acknowledges what it has not stored. */
  forgets: (log) => ({
    async append(channel, events, history) {
      if (!sometimes()) return log.append(channel, events, history);
      const end = await log.end(channel, history);
      const appendedOf = (index: number): Appended => ({
        position: { ...end, offset: end.offset + 1 + index },
        duplicate: false,
      });
      return events.map((_, index) => appendedOf(index));
    },
  }),
  /** Says that it has not stored what it has. */
  denies: (log) => ({
    async append(...args) {
      const appended = await log.append(...args);
      if (sometimes()) throw new RealtimeError('unavailable', 'denied');
      return appended;
    },
  }),
  /** Says that a position which is no longer kept was recovered. */
  recovers: (log) => ({
    async readKept(...args) {
      const kept = await log.readKept(...args);
      return { ...kept, end: { ...kept.end, epoch: '' } };
    },
    async read(channel, after, history, limit) {
      const page = await log.read(channel, after, history, limit);
      return page.gap === 'expired' ? log.readKept(channel, 0, history, limit) : page;
    },
  }),
};

/** The backend, bent for each channel as the second part of its name says: `bent:late:x`, `short:recovers:x`. */
export function bent(backend: Backend): Backend {
  const { log } = backend;
  const bends = Object.entries({ ...HARMLESS, ...BROKEN });
  const logs = new Map(bends.map(([kind, bend]) => [kind, { ...methods(log), ...bend(log) }]));
  const of = (channel: string): EventLog => logs.get(channel.split(':', 2)[1]!) ?? log;
  return {
    ...backend,
    log: {
      append: (channel, ...args) => of(channel).append(channel, ...args),
      read: (channel, ...args) => of(channel).read(channel, ...args),
      readKept: (channel, ...args) => of(channel).readKept(channel, ...args),
      end: (channel, ...args) => of(channel).end(channel, ...args),
      follow: (channel, ...args) => of(channel).follow(channel, ...args),
      rotate: (channel, ...args) => of(channel).rotate(channel, ...args),
    },
  };
}

function methods(log: EventLog): EventLog {
  return {
    append: (...args) => log.append(...args),
    read: (...args) => log.read(...args),
    readKept: (...args) => log.readKept(...args),
    end: (...args) => log.end(...args),
    follow: (...args) => log.follow(...args),
    rotate: (...args) => log.rotate(...args),
  };
}

/** What is read is changed; and half of what is published does not arrive, so that it is read. */
function reading(
  log: EventLog,
  change: (entries: readonly LogEntry[]) => readonly LogEntry[],
): Partial<EventLog> {
  return {
    async read(...args) {
      const page = await log.read(...args);
      return page.gap === undefined ? { ...page, entries: change(page.entries) } : page;
    },
    follow: (channel, listener) =>
      log.follow(channel, (entries) => void (Math.random() < 0.5 && listener(entries))),
  };
}

function sometimes(): boolean {
  return Math.random() < 0.1;
}
