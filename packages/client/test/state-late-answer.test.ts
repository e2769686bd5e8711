import { encodeVersion, type Envelope } from '@nestwire/protocol';
import type { Feed } from '../src/channels/feed.js';
import type { Job } from '../src/commands/job.js';
import type { Outbox } from '../src/commands/outbox.js';
import { Store } from '../src/observable.js';
import { ClientDocument } from '../src/state/document.js';

const version = (offset: number): string => encodeVersion({ epoch: '00112233445566ff', offset });

/** A document that hears and is answered in the order that the test wants: on the wire they race. */
function createDocument() {
  let hear!: (envelope: Envelope) => void;
  const jobs: Job[] = [];
  const feed = {
    state: new Store({ status: 'subscribed' }),
    follow: ({ onEvent }: { onEvent: typeof hear }) => {
      hear = onEvent;
      return () => undefined;
    },
  } as unknown as Feed;
  const document = new ClientDocument('doc', feed, {
    add: (job: Job) => jobs.push(job),
  } as unknown as Outbox);
  document.subscribe(() => undefined);
  const event = (n: string, o: number, d: unknown): Envelope => ({
    c: '$state:doc',
    o,
    t: 1,
    n,
    d,
    v: version(o),
  });
  return { document, jobs, hear: (n: string, o: number, d: unknown) => hear(event(n, o, d)) };
}

describe('an answer that comes after what others have made of the document since', () => {
  it.each([
    ['changed nothing', { note: undefined }, 1],
    ['set a field', { note: 'mine' }, 2],
  ])('is not shown over theirs, where the change %s', async (_, change, offset) => {
    const { document, jobs, hear } = createDocument();
    hear('state.snapshot', 1, {});
    const done = document.set(change);
    const [job] = jobs;
    await job!.data();
    hear('state.patch', 2, { set: { other: 1 } });
    hear('state.patch', 3, { set: { note: 'theirs' } });
    await job!.answered({ id: job!.id, ok: true, data: { version: version(offset) } });
    await done;
    expect(document.getSnapshot()).toMatchObject({ value: { other: 1, note: 'theirs' }, pending: 0 });
  });
});
