import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance.js';
import { anEvent, KEEP, numbered, offsetsOf, originOf, range, readAll, recorder, sorted } from './support.js';

/**
 * Live entries. Their order is not promised here, so that offsets are compared sorted; and they may come late, so that one which was
 * appended before somebody followed may be handed over too.
 */
export const followCases: readonly ConformanceCase[] = [
  {
    name: 'what is appended after follow resolved is handed over, once and as it is read',
    async run({ backend, peer, uniqueName, eventually }) {
      const channel = uniqueName();
      await backend.log.append(channel, numbered(1, 2), KEEP);
      const { entries, listener } = recorder();
      const unfollow = await peer.log.follow(channel, listener);
      const event = anEvent({ data: '{"ü":[]}', roles: ['a', 'b'], correlationId: 'c', ttlMs: 5_000 });
      const [{ position } = assert.fail()] = await backend.log.append(channel, [event], KEEP);
      await backend.log.append(channel, [...numbered(4, 5), anEvent({ roles: [] })], KEEP);
      const live = () => entries.filter(({ offset }) => offset > 2).sort((a, b) => a.offset - b.offset);
      await eventually(() => assert.deepEqual(offsetsOf(live()), [3, 4, 5, 6]));
      const read = await readAll(backend.log, channel, originOf(position));
      assert.deepEqual(live().map(plain), read.slice(2).map(plain));
      unfollow();
    },
  },
  {
    name: 'a follower of a channel that was never used gets its first entry',
    async run({ backend, peer, uniqueName, eventually }) {
      const channel = uniqueName();
      const { entries, listener } = recorder();
      const unfollow = await peer.log.follow(channel, listener);
      const [first] = await backend.log.append(channel, [anEvent()], KEEP);
      await eventually(() => assert.equal(entries.length, 1));
      assert.equal(entries[0]!.epoch, first!.position.epoch);
      assert.equal(entries[0]!.previousTag, 0);
      unfollow();
    },
  },
  {
    name: 'following and then reading up to the end leaves no hole while others append',
    async run({ backend, peer, uniqueName, eventually }) {
      const channel = uniqueName();
      const start = await backend.log.end(channel, KEEP);
      const { entries, listener } = recorder();
      const appends = range(1, 150).map(() => backend.log.append(channel, [anEvent()], KEEP));
      const unfollow = await peer.log.follow(channel, listener);
      const read = await readAll(peer.log, channel, start);
      appends.push(...range(1, 150).map(() => backend.log.append(channel, [anEvent()], KEEP)));
      await Promise.all(appends);
      await eventually(() => {
        const offsets = new Set([...offsetsOf(read), ...offsetsOf(entries)]);
        assert.deepEqual(sorted([...offsets]), range(1, 300));
      });
      unfollow();
    },
  },
  {
    name: 'a follower is handed every one of many concurrent appends, once',
    async run({ backend, peer, uniqueName, eventually }) {
      const channel = uniqueName();
      const { entries, listener } = recorder();
      const unfollow = await peer.log.follow(channel, listener);
      await Promise.all(range(1, 200).map(() => backend.log.append(channel, numbered(1, 3), KEEP)));
      await eventually(() => assert.deepEqual(sorted(offsetsOf(entries)), range(1, 600)));
      unfollow();
    },
  },
  {
    name: 'a follower is handed its own channel only',
    async run({ backend, peer, uniqueName, eventually }) {
      const channel = uniqueName();
      const { entries, listener } = recorder();
      const unfollow = await peer.log.follow(channel, listener);
      for (const other of [`${channel}:1`, channel.slice(0, -1), channel.toUpperCase(), uniqueName()]) {
        await backend.log.append(other, [anEvent({ data: '"other"' })], KEEP);
      }
      await backend.log.append(channel, [anEvent({ data: '"own"' })], KEEP);
      await eventually(() =>
        assert.deepEqual(
          entries.map(({ data }) => data),
          ['"own"'],
        ),
      );
      unfollow();
    },
  },
  {
    name: 'each following ends by itself, with one listener given twice too; to end it again is nothing',
    async run({ backend, peer, uniqueName, eventually }) {
      const channel = uniqueName();
      const [one, other] = [recorder(), recorder()];
      const first = await peer.log.follow(channel, one.listener);
      const second = await peer.log.follow(channel, one.listener);
      const third = await backend.log.follow(channel, other.listener);
      first();
      first();
      await backend.log.append(channel, [anEvent()], KEEP);
      await eventually(() => assert.deepEqual([one.entries.length, other.entries.length], [1, 1]));
      second();
      await backend.log.append(channel, [anEvent()], KEEP);
      await eventually(() => assert.equal(other.entries.length, 2));
      assert.equal(one.entries.length, 1);
      const again = await peer.log.follow(channel, one.listener);
      second();
      await backend.log.append(channel, [anEvent()], KEEP);
      const live = () => offsetsOf(one.entries).filter((offset) => offset !== 2);
      await eventually(() => assert.deepEqual([live(), other.entries.length], [[1, 3], 3]));
      for (const unfollow of [again, third, third]) unfollow();
    },
  },
  {
    name: 'a listener may stop to follow while it is being handed entries',
    async run({ backend, uniqueName, eventually }) {
      const channel = uniqueName();
      const [one, other] = [recorder(), recorder()];
      const unfollow = await backend.log.follow(channel, (entries) => {
        one.listener(entries);
        unfollow();
      });
      const second = await backend.log.follow(channel, other.listener);
      await backend.log.append(channel, [anEvent()], KEEP);
      await eventually(() => assert.deepEqual([one.entries.length, other.entries.length], [1, 1]));
      await backend.log.append(channel, [anEvent()], KEEP);
      await eventually(() => assert.equal(other.entries.length, 2));
      assert.equal(one.entries.length, 1);
      second();
    },
  },
];

/** As JSON sees it: a property that is undefined is none. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
