import type { RedisAvailability } from './connections/availability.js';
import { unavailable } from './redis-errors.js';

/** More answers than there will be. */
const UNKNOWN_COUNT = Number.POSITIVE_INFINITY;

interface Options {
  flags?: { local?: boolean };
}

/** What an adapter of Socket.IO has that other nodes are asked or told with. */
interface Adapter {
  serverCount(): Promise<number>;
  fetchSockets(options: Options): Promise<unknown[]>;
  allRooms?(): Promise<Set<string>>;
  addSockets(options: Options, rooms: string[]): void;
  delSockets(options: Options, rooms: string[]): void;
  disconnectSockets(options: Options, close: boolean): void;
}

/**
 * Has an adapter know when Redis is away: by themselves they answer with this node's part as if it were all, or let a rejection pass that
 * nobody handles, which ends the process. `fetchSockets` and `allRooms` fail with `unavailable`; what waits for acknowledgements waits for
 * more of them than will come, until its own time-out; what sockets are told to do is done on this node.
 */
export function awareOfAbsence<T extends object>(
  adapter: T,
  availability: RedisAvailability,
  report: (error: unknown) => void,
): T {
  const own = adapter as Adapter;
  const serverCount = own.serverCount.bind(own);
  own.serverCount = async () => {
    if (!availability.isAvailable) return UNKNOWN_COUNT;
    // None: this node's own subscription is not back yet, so that others' may not be either.
    return (await serverCount().catch(report)) || UNKNOWN_COUNT;
  };

  const fetchSockets = own.fetchSockets.bind(own);
  own.fetchSockets = (options) =>
    options.flags?.local ? fetchSockets(options) : whileAvailable(availability, () => fetchSockets(options));
  const allRooms = own.allRooms?.bind(own);
  if (allRooms) own.allRooms = () => whileAvailable(availability, allRooms);

  const reachable = (options: Options): Options => {
    if (availability.isAvailable) return options;
    report(unavailable(false));
    return { ...options, flags: { ...options.flags, local: true } };
  };
  const addSockets = own.addSockets.bind(own);
  own.addSockets = (options, rooms) => addSockets(reachable(options), rooms);
  const delSockets = own.delSockets.bind(own);
  own.delSockets = (options, rooms) => delSockets(reachable(options), rooms);
  const disconnectSockets = own.disconnectSockets.bind(own);
  own.disconnectSockets = (options, close) => disconnectSockets(reachable(options), close);
  return adapter;
}

/** @throws RealtimeError `unavailable` as soon as Redis is away. */
function whileAvailable<T>(availability: RedisAvailability, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (!availability.isAvailable) throw unavailable(false);
    const stop = availability.onAvailability(() => reject(unavailable(false)));
    work().then(resolve, reject).finally(stop);
  });
}
