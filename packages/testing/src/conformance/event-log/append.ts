import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance.js';
import {
  anEvent,
  appendEach,
  KEEP,
  numbered,
  offsetsOf,
  originOf,
  positionOf,
  range,
  readAll,
  sorted,
} from './support.js';

/** How entries get into a log. */
export const appendCases: readonly ConformanceCase[] = [
  {
    name: 'offsets are 1, 2, 3 … within one epoch, and each entry keeps the tag of the one before',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const positions = await appendEach(log, channel, numbered(1, 10));
      assert.deepEqual(offsetsOf(positions), range(1, 10));
      assert.equal(new Set(positions.map(({ epoch }) => epoch)).size, 1);
      assert.ok(new Set(positions.map(({ tag }) => tag)).size > 1, 'tags are random');
      const entries = await readAll(log, channel, originOf(positions[0]!));
      assert.deepEqual(entries.map(positionOf), positions);
    },
  },
  {
    name: 'an epoch is 16 hexadecimal digits and a tag 32 bits: both fit into a cursor',
    async run({ backend: { log }, uniqueName }) {
      const positions = await appendEach(log, uniqueName(), numbered(1, 50));
      for (const { epoch, tag } of positions) {
        assert.match(epoch, /^[0-9a-f]{16}$/);
        assert.ok(Number.isInteger(tag) && tag >= 0 && tag < 2 ** 32, `tag ${tag}`);
      }
    },
  },
  {
    name: 'events of one call are appended in order',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const outcomes = await log.append(channel, numbered(1, 100), KEEP);
      assert.deepEqual(offsetsOf(outcomes.map(({ position }) => position)), range(1, 100));
      assert.ok(outcomes.every(({ duplicate }) => !duplicate));
      const entries = await readAll(log, channel, originOf(outcomes[0]!.position));
      assert.deepEqual(
        entries.map(({ data }) => Number(data)),
        range(1, 100),
      );
    },
  },
  {
    name: 'an empty call appends nothing',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      assert.deepEqual(await log.append(channel, [], KEEP), []);
      assert.equal((await log.end(channel, KEEP)).offset, 0);
    },
  },
  {
    name: '1,000 concurrent appends of two nodes get distinct consecutive offsets, and each its own entry',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const events = numbered(1, 1_000);
      const positions = await Promise.all(
        events.map(async (event, index) => {
          const { log } = index % 2 === 0 ? backend : peer;
          return (await log.append(channel, [event], KEEP))[0]!.position;
        }),
      );
      assert.deepEqual(sorted(offsetsOf(positions)), range(1, 1_000));
      const entries = await readAll(backend.log, channel, originOf(positions[0]!));
      assert.equal(entries.length, 1_000);
      positions.forEach((position, index) => {
        const entry = entries[position.offset - 1]!;
        assert.equal(
          entry.data,
          events[index]!.data,
          `offset ${position.offset} holds what was appended there`,
        );
        assert.deepEqual(positionOf(entry), position);
      });
    },
  },
  {
    name: 'concurrent calls of many events do not mix: each is atomic',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const calls = await Promise.all(
        range(1, 40).map((call) =>
          (call % 2 === 0 ? backend : peer).log.append(channel, numbered(1, 25), KEEP),
        ),
      );
      for (const outcomes of calls) {
        const offsets = offsetsOf(outcomes.map(({ position }) => position));
        assert.deepEqual(offsets, range(offsets[0]!, offsets[0]! + 24));
      }
      const entries = await readAll(backend.log, channel, originOf(calls[0]![0]!.position));
      assert.deepEqual(
        entries.map(({ data }) => Number(data)),
        range(1, 40).flatMap(() => range(1, 25)),
      );
    },
  },
  {
    name: 'a log that two nodes give birth to at once has one epoch',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const births = range(1, 50).flatMap(() => [
        backend.log.end(channel, KEEP),
        peer.log.append(channel, [anEvent()], KEEP).then(([first]) => first!.position),
      ]);
      const epochs = new Set((await Promise.all(births)).map(({ epoch }) => epoch));
      assert.equal(epochs.size, 1);
    },
  },
];
