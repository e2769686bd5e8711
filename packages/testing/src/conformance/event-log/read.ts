import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance.js';
import {
  anEvent,
  appendEach,
  assertChain,
  assertGap,
  during,
  entriesOf,
  KEEP,
  nextTurn,
  numbered,
  offsetsOf,
  originOf,
  positionOf,
  range,
  readAll,
} from './support.js';

const UNLIMITED = { count: 10_000 };

/** What a position gets back, and what it does not. */
export const readCases: readonly ConformanceCase[] = [
  {
    name: 'reading after any position gives exactly what follows it, and the end',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const positions = await appendEach(backend.log, channel, numbered(1, 10));
      for (const after of [originOf(positions[0]!), ...positions]) {
        const page = await peer.log.read(channel, after, KEEP, UNLIMITED);
        const entries = entriesOf(page);
        assert.deepEqual(offsetsOf(entries), range(after.offset + 1, 10));
        assertChain(entries, after);
        assert.deepEqual(page.end, positions.at(-1));
      }
    },
  },
  {
    name: 'a page holds no more than its limit, and pages join without a hole or an overlap',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const [{ position } = assert.fail()] = await log.append(channel, numbered(1, 100), KEEP);
      for (const count of [1, 7, 100, 101]) {
        const page = entriesOf(await log.read(channel, originOf(position), KEEP, { count }));
        assert.deepEqual(offsetsOf(page), range(1, Math.min(count, 100)));
        assert.deepEqual(
          offsetsOf(await readAll(log, channel, originOf(position), KEEP, count)),
          range(1, 100),
        );
      }
    },
  },
  {
    name: 'pages read while others append join without a hole',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      let at = await peer.log.end(channel, KEEP);
      const write = async () => {
        for (let left = 300; left > 0; left -= 10) {
          await Promise.all(range(1, 10).map(() => backend.log.append(channel, [anEvent()], KEEP)));
          await nextTurn();
        }
      };
      await during(write(), async () => {
        const entries = entriesOf(await peer.log.read(channel, at, KEEP, { count: 7 }));
        assertChain(entries, at);
        at = positionOf(entries.at(-1) ?? at);
      });
      const rest = await readAll(peer.log, channel, at);
      assert.equal(at.offset + rest.length, 300);
    },
  },
  {
    name: 'the end of a log that was never used is offset 0 and tag 0, the same for all who ask, and can be read from',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const end = await backend.log.end(channel, KEEP);
      assert.deepEqual({ ...end, epoch: '' }, { epoch: '', offset: 0, tag: 0 });
      assert.deepEqual(await peer.log.end(channel, KEEP), end);
      assert.deepEqual(entriesOf(await backend.log.read(channel, end, KEEP, UNLIMITED)), []);
      await appendEach(backend.log, channel, numbered(1, 2));
      assert.equal((await readAll(backend.log, channel, end)).length, 2);
    },
  },
  {
    name: 'the end is where the last entry is',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const positions = await appendEach(backend.log, channel, numbered(1, 3));
      assert.deepEqual(await peer.log.end(channel, KEEP), positions[2]);
    },
  },
  {
    name: 'a position of another epoch is a gap, at every offset',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const positions = await appendEach(log, channel, numbered(1, 3));
      for (const position of [originOf(positions[0]!), ...positions]) {
        const other = { ...position, epoch: 'fedcba9876543210' };
        assertGap(await log.read(channel, other, KEEP, UNLIMITED), 'epoch');
      }
    },
  },
  {
    name: 'a position of another channel is a gap',
    async run({ backend: { log }, uniqueName }) {
      const [channel, other] = [uniqueName(), uniqueName()];
      await appendEach(log, channel, numbered(1, 3));
      const [, elsewhere] = await appendEach(log, other, numbered(1, 3));
      assertGap(await log.read(channel, elsewhere!, KEEP, UNLIMITED), 'epoch');
    },
  },
  {
    name: 'a position whose tag does not fit is a gap: in the middle, at the end and at the start',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const positions = await appendEach(log, channel, numbered(1, 5));
      for (const position of [originOf(positions[0]!), ...positions]) {
        const forged = { ...position, tag: (position.tag + 1) % 2 ** 32 };
        assertGap(await log.read(channel, forged, KEEP, UNLIMITED), 'epoch');
      }
    },
  },
  {
    name: 'a position ahead of the log is a gap, not an empty page',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const [, second] = await appendEach(log, channel, numbered(1, 2));
      for (const ahead of [1, 2, 1_000_000, 2 ** 40]) {
        const position = { ...second!, offset: 2 + ahead };
        assertGap(await log.read(channel, position, KEEP, UNLIMITED), 'epoch');
      }
    },
  },
  {
    name: 'a gap names an end from which the log can be read on, in a log that was never used too',
    async run({ backend: { log }, uniqueName }) {
      const [used, unused] = [uniqueName(), uniqueName()];
      const [first] = await appendEach(log, used, numbered(1, 1));
      for (const channel of [used, unused]) {
        const { end } = await log.read(channel, { ...first!, epoch: 'fedcba9876543210' }, KEEP, UNLIMITED);
        await appendEach(log, channel, [anEvent({ data: '"next"' })]);
        const entries = await readAll(log, channel, end);
        assert.deepEqual(
          entries.map(({ data }) => data),
          ['"next"'],
        );
      }
    },
  },
];
