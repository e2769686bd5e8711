import { newId } from '../command-id.js';
import type { QueueOptions } from '../options.js';
import type { StoredJob } from './job.js';
import { PageLock } from './page-lock.js';

/** Where waiting jobs are kept beside memory. */
export interface JobStorage {
  /** All that pages have left which are gone, in order. They are this page's from then on. */
  load(): Promise<StoredJob[]>;
  put(job: StoredJob): Promise<void>;
  remove(job: StoredJob): Promise<void>;
  /** What is kept is left to whoever comes next. */
  close(): void;
}

/** A job as it is stored: with the page that will send it. */
interface Entry extends StoredJob {
  readonly page?: string;
}

/** In IndexedDB, one entry for each job. The library is loaded when it is needed. */
export function indexedDbStorage({ name }: Required<QueueOptions>): JobStorage {
  const lock = new PageLock(`nestwire:queue:${name}`, newId());
  const { id: page } = lock;
  const opened = Promise.all([import('idb-keyval'), lock.join()]).then(([idb]) => {
    const store = idb.createStore(name, 'queue');
    return { idb, store, put: (job: StoredJob) => idb.set(keyOf(job), { ...job, page }, store) };
  });
  // Whoever uses it is told.
  opened.catch(() => undefined);
  return {
    async load() {
      const { idb, store, put } = await opened;
      return lock.alone(async (isGone) => {
        const left = (await idb.values<Entry>(store)).filter((entry) => isGone(entry.page));
        await Promise.all(left.map(put));
        return left.sort((a, b) => a.seq - b.seq);
      });
    },
    async put(job) {
      await (await opened).put(job);
    },
    async remove(job) {
      const { idb, store } = await opened;
      await idb.del(keyOf(job), store);
    },
    close: () => void opened.then(() => lock.leave()).catch(() => undefined),
  };
}

/** Several pages count, each for itself: a number alone may be another's. */
function keyOf({ seq, id }: StoredJob): [number, string] {
  return [seq, id];
}
