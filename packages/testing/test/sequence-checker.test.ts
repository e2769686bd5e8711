import type { Envelope } from '@nestwire/protocol';
import { SequenceChecker, type SequenceCheckerOptions } from '../src/index.js';

const CHANNEL = 'orders:eu';

function envelope(offset: number, id = `e${offset}`): Envelope {
  return { c: CHANNEL, o: offset, t: 1_790_000_000_000, d: { id } };
}

/** A checker that knows of five publishes, e1 to e5. */
function checker(options?: SequenceCheckerOptions) {
  const it = new SequenceChecker(options);
  for (let offset = 1; offset <= 5; offset += 1) it.published(CHANNEL, offset, `e${offset}`);
  return it;
}

function receive(it: SequenceChecker, offsets: number[], client = 'a'): void {
  for (const offset of offsets) it.received(client, CHANNEL, envelope(offset));
}

function problemsOf(
  tell: (it: SequenceChecker) => void,
  options?: SequenceCheckerOptions,
): readonly string[] {
  const it = checker(options);
  tell(it);
  const { ok, problems } = it.verdict();
  expect(ok).toBe(problems.length === 0);
  return problems;
}

describe('the sequence checker is content with', () => {
  const good: Record<string, (it: SequenceChecker) => void> = {
    'nobody who listens': () => {},
    'everything, in order, to several clients': (it) => {
      for (const client of ['a', 'b']) {
        it.subscribedLive(client, CHANNEL, 0);
        receive(it, [1, 2, 3, 4, 5], client);
      }
    },
    'a client that starts in the middle': (it) => {
      it.subscribedLive('a', CHANNEL, 3);
      receive(it, [4, 5]);
    },
    'a client whose start is not known': (it) => {
      it.subscribedLive('a', CHANNEL);
      receive(it, [3, 4, 5]);
    },
    'a resume that goes on where it was': (it) => {
      it.subscribedLive('a', CHANNEL, 0);
      receive(it, [1, 2]);
      it.left('a', CHANNEL);
      it.recovered('a', CHANNEL, true);
      receive(it, [3, 4, 5]);
    },
    'a resume with a position of another client': (it) => {
      it.recovered('b', CHANNEL, true, 2);
      receive(it, [3, 4, 5], 'b');
    },
    'a client that went away': (it) => {
      it.subscribedLive('a', CHANNEL, 0);
      receive(it, [1, 2]);
      it.left('a', CHANNEL);
    },
    'a hole that the client was told of, at the resume': (it) => {
      it.subscribedLive('a', CHANNEL, 0);
      receive(it, [1]);
      it.recovered('a', CHANNEL, false, 4);
      receive(it, [5]);
    },
    'a hole that the client was told of, in the running stream': (it) => {
      it.subscribedLive('a', CHANNEL, 0);
      receive(it, [1]);
      it.gap('a', CHANNEL);
      receive(it, [4, 5]);
    },
    'offsets that fall after a gap': (it) => {
      it.subscribedLive('a', CHANNEL, 0);
      receive(it, [1, 2, 3, 4, 5]);
      it.gap('a', CHANNEL, 0);
      for (const offset of [1, 2]) it.published(CHANNEL, offset, `second${offset}`, { epoch: 'second' });
      for (const offset of [1, 2]) it.received('a', CHANNEL, envelope(offset, `second${offset}`));
    },
    'offsets that skip what is not for the client': (it) => {
      it.published(CHANNEL, 6, 'e6', { isFor: (client) => client === 'staff' });
      it.published(CHANNEL, 7, 'e7', { mayBeSkipped: true });
      it.published(CHANNEL, 8, 'e8');
      it.subscribedLive('a', CHANNEL, 5);
      receive(it, [8]);
      it.subscribedLive('staff', CHANNEL, 5);
      receive(it, [6, 7, 8], 'staff');
    },
    'a publish that was acknowledged twice with one offset': (it) => {
      it.published(CHANNEL, 5, 'e5');
    },
    'a publish of unknown outcome, received or not': (it) => {
      it.unacknowledged(CHANNEL, 'lost');
      it.unacknowledged(CHANNEL, 'e6');
      it.subscribedLive('a', CHANNEL, 4);
      receive(it, [5, 6]);
    },
    'an acknowledgement that comes after the receipt': (it) => {
      it.subscribedLive('a', CHANNEL, 5);
      receive(it, [6]);
      it.published(CHANNEL, 6, 'e6', { data: { id: 'e6' } });
    },
  };

  it.each(Object.entries(good))('%s', (_history, tell) => {
    expect(problemsOf(tell)).toEqual([]);
  });

  it('repeated events after a resume, where it was told that they may be', () => {
    const tell = (it: SequenceChecker) => {
      it.subscribedLive('a', CHANNEL, 0);
      receive(it, [1, 2, 3]);
      it.recovered('a', CHANNEL, true);
      receive(it, [2, 3, 4, 5]);
    };
    expect(problemsOf(tell, { mayRepeatOnResume: true })).toEqual([]);
    expect(problemsOf(tell)).toHaveLength(2);
  });
});

describe('the sequence checker finds', () => {
  const bad: Record<string, [tell: (it: SequenceChecker) => void, problem: string]> = {
    'a loss': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 0);
        receive(it, [1, 2, 4, 5]);
      },
      'a on orders:eu lost 1 of what was published: offset 3 (first e3)',
    ],
    'a loss before the first that was received': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 1);
        receive(it, [4, 5]);
      },
      'a on orders:eu lost 2 of what was published: offset 2-3 (first e2)',
    ],
    'a loss at the end, and others': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 0);
        receive(it, [2, 4]);
      },
      'a on orders:eu lost 3 of what was published: offset 1, 3, 5 (first e1)',
    ],
    'a loss of everything': [
      (it) => it.subscribedLive('a', CHANNEL, 0),
      'a on orders:eu lost 5 of what was published: offset 1-5 (first e1)',
    ],
    'a loss across a resume that was said to have recovered': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 0);
        receive(it, [1, 2]);
        it.left('a', CHANNEL);
        it.recovered('a', CHANNEL, true);
        receive(it, [4, 5]);
      },
      'a on orders:eu lost 1 of what was published: offset 3 (first e3)',
    ],
    'a loss before a gap, of what was due before it': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 0);
        receive(it, [1, 3]);
        it.gap('a', CHANNEL, 5);
      },
      'a on orders:eu lost 1 of what was published: offset 2 (first e2)',
    ],
    'a loss after a gap': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 0);
        it.gap('a', CHANNEL, 2);
        receive(it, [3, 5]);
      },
      'a on orders:eu lost 1 of what was published: offset 4 (first e4)',
    ],
    'a double': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 0);
        receive(it, [1, 2, 2, 3, 4, 5]);
      },
      'a on orders:eu received offset 2 (e2) twice',
    ],
    'a double across a resume': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 3);
        receive(it, [4]);
        it.recovered('a', CHANNEL, true);
        receive(it, [4, 5]);
      },
      'a on orders:eu received offset 4 (e4) twice',
    ],
    'a wrong order': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 0);
        receive(it, [1, 3, 2, 4, 5]);
      },
      'a on orders:eu received offset 2 (e2) after 3, without having been told of a hole',
    ],
    'an event from before the start': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 3);
        receive(it, [3, 4, 5]);
      },
      'a on orders:eu received offset 3 (e3) after 3, without having been told of a hole',
    ],
    'an event from before what a gap named as its end': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 5);
        it.gap('a', CHANNEL, 4);
        receive(it, [2, 5]);
      },
      'a on orders:eu received offset 2 (e2) after 4, without having been told of a hole',
    ],
    'an event that nobody published': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 5);
        receive(it, [6]);
      },
      'a on orders:eu received offset 6 (e6), which nobody published',
    ],
    'another event than was published there': [
      (it) => {
        it.subscribedLive('a', CHANNEL, 4);
        it.received('a', CHANNEL, envelope(5, 'other'));
      },
      'a on orders:eu received other at offset 5, where e5 was published',
    ],
    'other data than were published': [
      (it) => {
        it.published(CHANNEL, 6, 'e6', { data: { id: 'e6', list: [] } });
        it.subscribedLive('a', CHANNEL, 5);
        it.received('a', CHANNEL, { ...envelope(6), d: { id: 'e6', list: {} } });
      },
      'a on orders:eu received offset 6 (e6) with data {"id":"e6","list":{}} instead of {"id":"e6","list":[]}',
    ],
    'an event that is for others': [
      (it) => {
        it.published(CHANNEL, 6, 'e6', { isFor: (client) => client === 'staff' });
        it.subscribedLive('a', CHANNEL, 5);
        receive(it, [6]);
      },
      'a on orders:eu received offset 6 (e6), which is not for it',
    ],
    'another epoch that the client was not told of': [
      (it) => {
        it.published(CHANNEL, 6, 'second6', { epoch: 'second' });
        it.subscribedLive('a', CHANNEL, 4);
        receive(it, [5]);
        it.received('a', CHANNEL, envelope(6, 'second6'));
      },
      'a on orders:eu came into another epoch without having been told of a hole',
    ],
    'an offset that was given twice': [
      (it) => it.published(CHANNEL, 5, 'other'),
      'orders:eu: offset 5 was acknowledged for e5 and for other',
    ],
    'a publish that was stored twice': [
      (it) => it.published(CHANNEL, 6, 'e5'),
      'orders:eu: e5 was acknowledged at offset 5 and at 6',
    ],
    'an acknowledged event whose place an unacknowledged one has': [
      (it) => {
        it.unacknowledged(CHANNEL, 'rewritten');
        it.subscribedLive('a', CHANNEL, 4);
        it.received('a', CHANNEL, envelope(5, 'rewritten'));
      },
      'a on orders:eu lost 1 of what was published: offset 5 (first e5)',
    ],
  };

  it.each(Object.entries(bad))('%s', (_history, [tell, problem]) => {
    expect(problemsOf(tell)).toEqual([problem]);
  });

  it('every problem of every client, and lists them in an error', () => {
    const it = checker();
    for (const client of ['a', 'b']) {
      it.subscribedLive(client, CHANNEL, 0);
      receive(it, [1, 2, 2, 4, 5], client);
    }
    expect(it.verdict()).toMatchObject({ ok: false, published: 5, received: 10 });
    expect(it.verdict().problems).toHaveLength(4);
    expect(() => it.assertOk()).toThrow(it.verdict().problems.join('\n'));
  });
});

it('reads the id as it is told to', () => {
  const it = checker({ idOf: ({ x }) => x });
  it.subscribedLive('a', CHANNEL, 4);
  it.received('a', CHANNEL, { ...envelope(5), d: null, x: 'e5' });
  expect(it.verdict().problems).toEqual([]);
});
