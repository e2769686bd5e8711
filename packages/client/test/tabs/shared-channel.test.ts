import { channelHash, encodePosition, type SubscriptionOutcome } from '@nestwire/protocol';
import { SharedChannel } from '../../src/tabs/shared-channel.js';

const EPOCH = '00000000000000aa';

function at(offset: number, epoch = EPOCH): string {
  return encodePosition(channelHash('open:a'), { epoch, offset, tag: offset });
}

/** A channel, and what each tab was told of it. */
function shared(name = 'open:a') {
  const channel = new SharedChannel(name);
  const told: Record<string, SubscriptionOutcome[]> = {};
  const add = (member: string, position?: string): void => {
    told[member] = [];
    channel.add(member, position, (outcome) => told[member]!.push(outcome));
  };
  return { channel, told, add };
}

const event = (o: number, r?: 1) => (r === undefined ? { o } : { o, r });

it('starts where the tab is that is furthest behind; each gets what comes after its own place', () => {
  const { channel, told, add } = shared();
  add('ahead', at(7));
  add('behind', at(4));
  channel.starting();
  expect(channel.position).toBe(at(4));
  channel.started({ position: at(4), recovered: true, replay: 5 });
  expect(told['ahead']).toEqual([{ position: at(7), recovered: true, replay: 5 }]);
  expect(told['behind']).toEqual([{ position: at(4), recovered: true, replay: 5 }]);
  expect(channel.takes('ahead', event(7, 1))).toBe(false);
  expect(channel.takes('ahead', event(8, 1))).toBe(true);
  expect(channel.takes('behind', event(5, 1))).toBe(true);
  expect(channel.mayMove('ahead', at(6))).toBe(false);
  expect(channel.mayMove('ahead', at(8))).toBe(true);
});

it('needs no start for a tab that is level, or has yet to be anywhere', () => {
  const { channel, told, add } = shared();
  add('first');
  channel.starting();
  channel.started({ position: at(3), replay: 0 });
  add('fresh');
  add('level', at(3));
  expect(channel.needsStart).toBe(false);
  expect(told['fresh']).toEqual([{ position: at(3), replay: 0 }]);
  expect(told['level']).toEqual([{ position: at(3), recovered: true, replay: 0 }]);
});

it('starts anew for a tab that is behind, of which the others hear nothing', () => {
  const { channel, told, add } = shared();
  add('first', at(9));
  channel.starting();
  channel.started({ position: at(9), recovered: true, replay: 0 });
  add('frozen', at(5));
  expect(channel.needsStart).toBe(true);
  channel.starting();
  expect(channel.position).toBe(at(5));
  channel.started({ position: at(5), recovered: true, replay: 4 });
  expect(told['first']).toHaveLength(1);
  expect(channel.takes('first', event(9, 1))).toBe(false);
  expect(channel.takes('frozen', event(6, 1))).toBe(true);
});

it('tells only the tab that has been away for too long of its hole, and starts again for the others', () => {
  const { channel, told, add } = shared();
  add('lost', at(1));
  add('well', at(8));
  channel.starting();
  channel.started({ position: at(9), recovered: false, replay: 0 });
  expect(told['lost']).toEqual([{ position: at(9), recovered: false, replay: 0 }]);
  expect(told['well']).toEqual([]);
  expect(channel.needsStart).toBe(true);
  channel.starting();
  expect(channel.position).toBe(at(8));
  channel.started({ position: at(8), recovered: true, replay: 1 });
  expect(told['well']).toEqual([{ position: at(8), recovered: true, replay: 1 }]);
  expect(told['lost']).toHaveLength(1);
  expect(channel.takes('lost', event(9, 1))).toBe(false);
});

it('gives a tab without a position the snapshot of a document, and the others what is new in it', () => {
  const { channel, told, add } = shared('$state:note');
  add('first', at(4));
  channel.starting();
  channel.started({ position: at(4), recovered: true, replay: 0 });
  add('fresh');
  expect(channel.needsStart).toBe(true);
  channel.starting();
  expect(channel.position).toBeUndefined();
  channel.started({ position: at(4), replay: 0 });
  expect(channel.needsStart).toBe(false);
  expect(told['fresh']).toEqual([{ position: at(4), replay: 0 }]);
  expect(told['first']).toHaveLength(1);
  expect(channel.takes('fresh', event(4))).toBe(true);
  expect(channel.takes('first', event(4))).toBe(false);
});

it('says that a channel was refused to all who asked, and follows it no more', () => {
  const { channel, told, add } = shared();
  add('one');
  add('other', at(2));
  channel.starting();
  const refusal = { error: { code: 'forbidden', message: 'no', temporary: false } } as const;
  channel.started(refusal);
  expect(told).toEqual({ one: [refusal], other: [refusal] });
  expect(channel.places.size).toBe(0);
});
