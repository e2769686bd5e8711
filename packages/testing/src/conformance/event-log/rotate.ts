import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance.js';
import {
  anEvent,
  appendEach,
  assertGap,
  KEEP,
  numbered,
  offsetsOf,
  originOf,
  range,
  readAll,
  recorder,
  sorted,
} from './support.js';

const UNLIMITED = { count: 10_000 };

/** Beginning another epoch. */
export const rotateCases: readonly ConformanceCase[] = [
  {
    name: 'a rotated log is empty in another epoch, and no position of the earlier one passes',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const positions = await appendEach(backend.log, channel, numbered(1, 3));
      const end = await backend.log.rotate(channel, positions[0]!.epoch, KEEP);
      assert.notEqual(end.epoch, positions[0]!.epoch);
      assert.deepEqual(end, originOf(end));
      assert.deepEqual(await peer.log.end(channel, KEEP), end);
      for (const position of [originOf(positions[0]!), ...positions]) {
        assertGap(await peer.log.read(channel, position, KEEP, UNLIMITED), 'epoch');
      }
      assert.deepEqual(await readAll(peer.log, channel, end), []);
    },
  },
  {
    name: 'offsets begin at 1 again, and nothing of the earlier epoch comes back',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const [first] = await appendEach(log, channel, numbered(1, 5));
      const end = await log.rotate(channel, first!.epoch, KEEP);
      await appendEach(log, channel, numbered(11, 12));
      const entries = await readAll(log, channel, end);
      assert.deepEqual(
        entries.map(({ offset, data }) => [offset, data]),
        [
          [1, '11'],
          [2, '12'],
        ],
      );
    },
  },
  {
    name: 'rotating is compare-and-set: with another epoch it changes nothing',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const positions = await appendEach(log, channel, numbered(1, 3));
      assert.deepEqual(await log.rotate(channel, 'fedcba9876543210', KEEP), positions[2]);
      assert.equal((await readAll(log, channel, originOf(positions[0]!))).length, 3);
    },
  },
  {
    name: '50 concurrent rotations of two nodes begin one epoch, and all are told of it',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const [first] = await appendEach(backend.log, channel, numbered(1, 1));
      const ends = await Promise.all(
        range(1, 50).map((n) => (n % 2 === 0 ? backend : peer).log.rotate(channel, first!.epoch, KEEP)),
      );
      assert.equal(new Set(ends.map(({ epoch }) => epoch)).size, 1);
      assert.notEqual(ends[0]!.epoch, first!.epoch);
      assert.deepEqual(await backend.log.end(channel, KEEP), ends[0]);
    },
  },
  {
    name: 'appends and a rotation at once leave each epoch a chain of its own',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const { epoch } = await backend.log.end(channel, KEEP);
      const append = () => backend.log.append(channel, [anEvent()], KEEP);
      const before = range(1, 50).map(append);
      const rotated = peer.log.rotate(channel, epoch, KEEP);
      const outcomes = (await Promise.all([...before, ...range(1, 50).map(append)])).flat();
      const end = await rotated;
      for (const each of [epoch, end.epoch]) {
        const own = outcomes.map(({ position }) => position).filter((position) => position.epoch === each);
        assert.deepEqual(sorted(offsetsOf(own)), range(1, own.length));
      }
      const kept = outcomes.filter(({ position }) => position.epoch === end.epoch);
      assert.equal((await readAll(backend.log, channel, originOf(end))).length, kept.length);
    },
  },
  {
    name: 'followers go on into the new epoch',
    async run({ backend, peer, uniqueName, eventually }) {
      const channel = uniqueName();
      const [first] = await appendEach(backend.log, channel, numbered(1, 1));
      const { entries, listener } = recorder();
      const unfollow = await peer.log.follow(channel, listener);
      const { epoch } = await backend.log.rotate(channel, first!.epoch, KEEP);
      await appendEach(backend.log, channel, numbered(1, 1));
      await eventually(() =>
        assert.deepEqual(
          // One of the epoch before may come late.
          entries.filter((entry) => entry.epoch !== first!.epoch).map((entry) => [entry.epoch, entry.offset]),
          [[epoch, 1]],
        ),
      );
      unfollow();
    },
  },
  {
    name: 'rotating a log that was never used gives birth to one',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const end = await log.rotate(channel, 'fedcba9876543210', KEEP);
      assert.deepEqual(await log.end(channel, KEEP), end);
      assert.deepEqual(end, originOf(end));
    },
  },
];
