import type { Backend, FollowListener, LogEntry } from '@nestwire/realtime';

/** Whether the faults happen now. */
export interface Faults {
  active: boolean;
}

/** A backend that hands over appended entries as a network does on a bad day: some never, some twice, some in the wrong order. */
export function faultyBackend(backend: Backend, faults: Faults): Backend {
  const { log } = backend;
  return {
    ...backend,
    log: {
      append: (channel, events, history) => log.append(channel, events, history),
      read: (channel, after, history, limit) => log.read(channel, after, history, limit),
      readKept: (channel, after, history, limit) => log.readKept(channel, after, history, limit),
      end: (channel, history) => log.end(channel, history),
      rotate: (channel, epoch, history) => log.rotate(channel, epoch, history),
      follow: (channel, listener) => log.follow(channel, (entries) => handOver(entries, listener, faults)),
    },
  };
}

function handOver(entries: readonly LogEntry[], listener: FollowListener, faults: Faults): void {
  const luck = faults.active ? Math.random() : 1;
  if (luck < 0.15) return;
  if (luck < 0.3) listener(entries);
  listener(luck < 0.45 ? [...entries].reverse() : entries);
}
