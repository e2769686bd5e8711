import type { QueueOptions } from '../options.js';
import type { StoredJob } from './job.js';

/** Where waiting jobs are kept beside memory. */
export interface JobStorage {
  /** All, in order. */
  load(): Promise<StoredJob[]>;
  put(job: StoredJob): Promise<void>;
  remove(seq: number): Promise<void>;
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
      await idb.set(job.seq, job, store);
    },
    async remove(seq) {
      const { idb, store } = await opened;
      await idb.del(seq, store);
    },
  };
}
