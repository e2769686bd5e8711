import type { QueueOptions } from '../options.js';
import type { StoredJob } from './job.js';

/** Where waiting jobs are kept beside memory. */
export interface JobStorage {
  /** All, in order. */
  load(): Promise<StoredJob[]>;
  put(job: StoredJob): Promise<void>;
  remove(job: StoredJob): Promise<void>;
}

/** In IndexedDB, one entry for each job. The library is loaded when it is needed. */
export function indexedDbStorage({ name }: Required<QueueOptions>): JobStorage {
  const opened = import('idb-keyval').then((idb) => ({ idb, store: idb.createStore(name, 'queue') }));
  // Whoever uses it is told.
  opened.catch(() => undefined);
  return {
    async load() {
      const { idb, store } = await opened;
      return (await idb.values<StoredJob>(store)).sort((a, b) => a.seq - b.seq);
    },
    async put(job) {
      const { idb, store } = await opened;
      await idb.set(keyOf(job), job, store);
    },
    async remove(job) {
      const { idb, store } = await opened;
      await idb.del(keyOf(job), store);
    },
  };
}

/** Several pages count, each for itself: a number alone may be another's. */
function keyOf({ seq, id }: StoredJob): [number, string] {
  return [seq, id];
}
