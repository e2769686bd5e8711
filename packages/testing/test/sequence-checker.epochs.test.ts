import { SequenceChecker } from '../src/index.js';

const CHANNEL = 'orders:eu';

function publish(it: SequenceChecker, epoch: string, from: number, to: number, prefix = epoch): void {
  for (let offset = from; offset <= to; offset += 1)
    it.published(CHANNEL, offset, `${prefix}${offset}`, { epoch });
}

function receive(it: SequenceChecker, ids: readonly string[], client = 'a'): void {
  for (const id of ids) {
    it.received(client, CHANNEL, { c: CHANNEL, o: Number(id.slice(1)), t: 0, d: { id } });
  }
}

describe('the sequence checker, of a log that has several epochs', () => {
  it('is content where each client was told of the hole between them', () => {
    const it = new SequenceChecker();
    publish(it, 'a', 1, 3);
    publish(it, 'b', 1, 2);
    it.subscribedLive('a', CHANNEL, { epoch: 'a', offset: 0 });
    receive(it, ['a1', 'a2', 'a3']);
    it.gap('a', CHANNEL, { epoch: 'b', offset: 0 });
    receive(it, ['b1', 'b2']);
    it.subscribedLive('late', CHANNEL, { epoch: 'c', offset: 7 });
    expect(it.verdict().problems).toEqual([]);
  });

  it('finds whoever is left behind in one that is over', () => {
    const it = new SequenceChecker();
    publish(it, 'a', 1, 3);
    publish(it, 'b', 1, 2);
    it.subscribedLive('some', CHANNEL, { epoch: 'a', offset: 2 });
    receive(it, ['a3'], 'some');
    it.subscribedLive('none', CHANNEL, { epoch: 'a', offset: 3 });
    expect(it.verdict().problems).toEqual([
      'some on orders:eu was not told that its epoch has ended',
      'none on orders:eu was not told that its epoch has ended',
    ]);
  });

  it('is not misled by an acknowledgement that comes late', () => {
    const it = new SequenceChecker();
    publish(it, 'a', 1, 2);
    publish(it, 'c', 1, 1);
    publish(it, 'b', 1, 1);
    publish(it, 'c', 2, 2);
    it.subscribedLive('a', CHANNEL, { epoch: 'a', offset: 0 });
    receive(it, ['a1', 'a2']);
    it.gap('a', CHANNEL, { epoch: 'c', offset: 0 });
    receive(it, ['c1', 'c2']);
    it.subscribedLive('behind', CHANNEL, { epoch: 'b', offset: 0 });
    receive(it, ['b1'], 'behind');
    expect(it.verdict().problems).toEqual(['behind on orders:eu was not told that its epoch has ended']);
  });

  it('knows from the start alone that a stream came into another', () => {
    const it = new SequenceChecker();
    publish(it, 'a', 1, 3);
    publish(it, 'b', 1, 4);
    it.subscribedLive('a', CHANNEL, { epoch: 'a', offset: 3 });
    receive(it, ['b4']);
    expect(it.verdict().problems).toEqual([
      'a on orders:eu came into another epoch without having been told of a hole',
    ]);
  });

  it('finds a recovery from a position of one that is over, unless the client is told of it later', () => {
    const it = new SequenceChecker();
    publish(it, 'a', 1, 3);
    publish(it, 'b', 1, 2);
    for (const client of ['told', 'untold']) {
      it.subscribedLive(client, CHANNEL, { epoch: 'b', offset: 2 });
      it.recovered(client, CHANNEL, true, { epoch: 'a', offset: 2 });
      receive(it, ['a3'], client);
    }
    it.gap('told', CHANNEL, { epoch: 'b', offset: 2 });
    expect(it.verdict().problems).toEqual(['untold on orders:eu was not told that its epoch has ended']);
  });
});

describe('the sequence checker, of a log that was rewound', () => {
  function rewound(): SequenceChecker {
    const it = new SequenceChecker();
    publish(it, 'a', 1, 5);
    it.rewound(CHANNEL, 'a', 3);
    publish(it, 'a', 4, 6, 'n');
    return it;
  }

  it('knows that what was received and never acknowledged there is stored elsewhere, if the client was told', () => {
    for (const isTold of [true, false]) {
      const it = new SequenceChecker();
      publish(it, 'a', 1, 3);
      it.subscribedLive('a', CHANNEL, { epoch: 'a', offset: 1 });
      receive(it, ['a2', 'a3', 'x4', 'n5']);
      it.unacknowledged(CHANNEL, 'x4');
      it.rewound(CHANNEL, 'a', 3);
      it.published(CHANNEL, 4, 'n5', { epoch: 'a' });
      if (isTold) it.gap('a', CHANNEL, { epoch: 'a', offset: 4 });
      expect(it.verdict()).toMatchObject({ ok: isTold, lost: [] });
    }
  });

  it('knows that what the log kept was there before, be it acknowledged later or never', () => {
    for (const acknowledge of [true, false]) {
      const it = new SequenceChecker();
      publish(it, 'a', 1, 2);
      it.subscribedLive('a', CHANNEL, { epoch: 'a', offset: 1 });
      receive(it, ['a2', 'x3', 'y4', 'z5']);
      it.rewound(CHANNEL, 'a', 3);
      if (acknowledge) it.published(CHANNEL, 3, 'x3', { epoch: 'a' });
      else it.unacknowledged(CHANNEL, 'x3');
      // Tried again by their publishers, in another order.
      it.published(CHANNEL, 4, 'z5', { epoch: 'a' });
      it.published(CHANNEL, 5, 'y4', { epoch: 'a' });
      it.gap('a', CHANNEL, { epoch: 'a', offset: 5 });
      expect(it.verdict()).toMatchObject({ ok: true, lost: [] });
    }
  });

  it('lists what is lost', () => {
    expect(rewound().verdict()).toMatchObject({ ok: true, lost: ['orders:eu 4 (a4)', 'orders:eu 5 (a5)'] });
  });

  it('lists nothing where the log had all of it', () => {
    const it = new SequenceChecker();
    publish(it, 'a', 1, 5);
    it.rewound(CHANNEL, 'a', 5);
    expect(it.verdict().lost).toEqual([]);
  });

  it('is content with those who had not come so far, and those who were told', () => {
    const it = rewound();
    it.subscribedLive('behind', CHANNEL, { epoch: 'a', offset: 1 });
    receive(it, ['a2', 'a3', 'n4', 'n5', 'n6'], 'behind');
    it.subscribedLive('told', CHANNEL, { epoch: 'a', offset: 2 });
    receive(it, ['a3', 'a4', 'a5'], 'told');
    it.recovered('told', CHANNEL, false, { epoch: 'a', offset: 3 });
    receive(it, ['n4', 'n5', 'n6'], 'told');
    expect(it.verdict().problems).toEqual([]);
  });

  it('does not owe those who were told what came in the place of what nobody had acknowledged', () => {
    const it = new SequenceChecker();
    publish(it, 'a', 1, 3);
    for (const id of ['u4', 'u5']) it.unacknowledged(CHANNEL, id);
    it.subscribedLive('a', CHANNEL, { epoch: 'a', offset: 0 });
    receive(it, ['a1', 'a2', 'a3', 'u4', 'u5']);
    it.rewound(CHANNEL, 'a', 3);
    it.gap('a', CHANNEL, { epoch: 'b', offset: 0 });
    publish(it, 'a', 4, 5, 'n');
    publish(it, 'b', 1, 1);
    receive(it, ['b1']);
    expect(it.verdict().problems).toEqual([]);
  });

  it('finds those who had received what is lost, and go on as if nothing had happened', () => {
    const it = rewound();
    it.subscribedLive('a', CHANNEL, { epoch: 'a', offset: 2 });
    receive(it, ['a3', 'a4', 'a5']);
    it.recovered('a', CHANNEL, true, { epoch: 'a', offset: 5 });
    receive(it, ['n6']);
    expect(it.verdict().problems).toEqual([
      'a on orders:eu came into another epoch without having been told of a hole',
    ]);
  });

  it('finds those who stay with what is lost', () => {
    const it = rewound();
    it.subscribedLive('a', CHANNEL, { epoch: 'a', offset: 3 });
    receive(it, ['a4', 'a5']);
    expect(it.verdict().problems).toEqual(['a on orders:eu was not told that its epoch has ended']);
  });
});

describe('the sequence checker, of a publish that was tried again', () => {
  it('finds that it was stored twice, whichever of the two was acknowledged', () => {
    const it = new SequenceChecker();
    it.unacknowledged(CHANNEL, 'x');
    it.published(CHANNEL, 2, 'x');
    it.subscribedLive('a', CHANNEL, 0);
    for (const offset of [1, 2]) it.received('a', CHANNEL, { c: CHANNEL, o: offset, t: 0, d: { id: 'x' } });
    expect(it.verdict().problems).toEqual(['a on orders:eu received x twice, at offset 1 and at 2']);
  });
});

describe('the sequence checker, where publishes are told without an epoch', () => {
  it('takes whatever epoch clients tell for the only one', () => {
    const it = new SequenceChecker();
    for (const offset of [1, 2]) it.published(CHANNEL, offset, `x${offset}`);
    it.subscribedLive('a', CHANNEL, { epoch: 'any', offset: 1 });
    receive(it, ['x2']);
    expect(it.verdict().problems).toEqual([]);
  });
});
