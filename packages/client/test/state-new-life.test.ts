import { encodeVersion, type Fields, type Reply, STATE_EVENTS } from '@nestwire/protocol';
import { Feed } from '../src/channels/feed.js';
import type { Job } from '../src/commands/job.js';
import type { Outbox } from '../src/commands/outbox.js';
import { ClientDocument } from '../src/state/document.js';

const version = (life: string, offset: number): string => encodeVersion({ epoch: life.repeat(16), offset });

/** All that can be decided now is decided then. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a conflict that comes before the document’s new life', () => {
  let feed: Feed;
  let document: ClientDocument;
  let job: Job;

  /** What the server says of the document when its channel starts. */
  const begin = (fields: Fields, v: string, o: number): void => {
    feed.start({ replay: 0 });
    feed.take({ c: feed.name, o, t: 0, d: fields, n: STATE_EVENTS.snapshot, v });
  };
  const conflict = (details: object): Reply => ({
    id: job.id,
    ok: false,
    error: { code: 'conflict', message: 'changed', temporary: false, details },
  });

  beforeEach(() => {
    feed = new Feed('$state:cart', () => undefined);
    document = new ClientDocument('cart', feed, { add: (added) => void (job = added) } as Outbox);
    document.subscribe(() => undefined);
    begin({ qty: 1 }, version('a', 7), 7);
  });

  it.each([
    ['has the field', { fields: { qty: { value: 5, version: version('b', 1) } } }, 'b', { qty: 5 }, 6],
    ['lacks the field', { missing: ['qty'] }, 'b', {}, 11],
    ['is over before it comes', { missing: ['qty'] }, 'c', { qty: 7 }, 8],
  ])('is waited out where that %s: a recipe is worked out again', async (_, details, life, fields, qty) => {
    const done = document.update((draft) => ({ ...draft, qty: Number(draft['qty'] ?? 10) + 1 }));
    expect(await job.data()).toMatchObject({ set: { qty: 2 }, ifVersion: version('a', 7) });

    let decision: unknown;
    void Promise.resolve(job.answered(conflict({ version: version('b', 2), ...details }))).then(
      (next) => (decision = next),
    );
    await turn();
    expect(decision).toBeUndefined();
    feed.lose({ channel: feed.name, reason: 'epoch' });
    begin(fields, version(life, 2), 2);
    await turn();
    expect(decision).toBe('again');

    expect(await job.data()).toMatchObject({ set: { qty } });
    const committed = version(life, 3);
    expect(await job.answered({ id: job.id, ok: true, data: { version: committed } })).toBe('done');
    expect(await done).toEqual({ version: committed });
    expect(document.value).toEqual({ qty });
  });

  it('takes a set back, and leaves what the new life says', async () => {
    const done = document.set({ qty: 2 });
    done.catch(() => undefined);
    await job.data();

    expect(await job.answered(conflict({ version: version('b', 2), missing: ['qty'] }))).toBe('done');
    await expect(done).rejects.toMatchObject({ code: 'conflict' });
    feed.lose({ channel: feed.name, reason: 'epoch' });
    begin({ note: 'new' }, version('b', 2), 2);

    expect(document.getSnapshot()).toMatchObject({ value: { note: 'new' }, pending: 0 });
  });
});
