import assert from 'node:assert/strict';
import type { History } from '@nestwire/realtime';
import { IDEMPOTENCY_WINDOW_MS } from '@nestwire/realtime';
import type { ConformanceCase } from '../conformance.js';
import {
  anEvent,
  appendEach,
  assertGap,
  entriesOf,
  KEEP,
  numbered,
  offsetsOf,
  originOf,
  range,
  readAll,
} from './support.js';

const UNLIMITED = { count: 10_000 };
/** Long enough for a slow machine to do a few things before it is over. */
const SHORT: History = { size: 100, ttlMs: 1_000 };
const LONGER_THAN_SHORT_MS = 1_200;

/** What is dropped, and what a position is worth then. */
export const retentionCases: readonly ConformanceCase[] = [
  {
    name: 'a log keeps as many entries as its size says, and no more',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const history = { ...KEEP, size: 5 };
      const positions = await appendEach(log, channel, numbered(1, 12), history);
      const oldest = positions[6]!;
      assert.deepEqual(offsetsOf(await readAll(log, channel, oldest, history)), range(8, 12));
      for (const expired of [originOf(oldest), ...positions.slice(0, 6)]) {
        assertGap(await log.read(channel, expired, history, UNLIMITED), 'expired');
      }
    },
  },
  {
    name: 'the place just before the oldest entry is checked against that entry',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const history = { ...KEEP, size: 2 };
      const [, before] = await appendEach(log, channel, numbered(1, 4), history);
      const forged = { ...before!, tag: (before!.tag + 1) % 2 ** 32 };
      assertGap(await log.read(channel, forged, history, UNLIMITED), 'epoch');
      assert.equal(entriesOf(await log.read(channel, before!, history, UNLIMITED)).length, 2);
    },
  },
  {
    name: 'a call with more events than the size keeps the last of them',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const history = { ...KEEP, size: 3 };
      const positions = (await log.append(channel, numbered(1, 10), history)).map(({ position }) => position);
      assert.deepEqual(offsetsOf(positions), range(1, 10));
      assert.deepEqual(offsetsOf(await readAll(log, channel, positions[6]!, history)), [8, 9, 10]);
      assertGap(await log.read(channel, positions[5]!, history, UNLIMITED), 'expired');
    },
  },
  {
    name: 'a smaller size takes effect at the next append',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const positions = await appendEach(log, channel, numbered(1, 10));
      const history = { ...KEEP, size: 2 };
      await log.append(channel, [anEvent()], history);
      assert.deepEqual(offsetsOf(await readAll(log, channel, positions[8]!, history)), [10, 11]);
      assertGap(await log.read(channel, positions[7]!, history, UNLIMITED), 'expired');
    },
  },
  {
    name: 'entries that are too old are not read, and what cannot be checked any more is a gap',
    async run({ backend: { log }, uniqueName, elapse }) {
      const channel = uniqueName();
      const positions = await appendEach(log, channel, numbered(1, 3), SHORT);
      await elapse(LONGER_THAN_SHORT_MS);
      for (const expired of [originOf(positions[0]!), positions[0]!, positions[1]!]) {
        assertGap(await log.read(channel, expired, SHORT, UNLIMITED), 'expired');
      }
    },
  },
  {
    name: 'a position at the end is recovered when every entry has expired, and its tag is still checked',
    async run({ backend: { log }, uniqueName, elapse }) {
      const channel = uniqueName();
      const last = (await appendEach(log, channel, numbered(1, 3), SHORT))[2]!;
      await elapse(LONGER_THAN_SHORT_MS);
      const page = await log.read(channel, last, SHORT, UNLIMITED);
      assert.deepEqual(entriesOf(page), []);
      assert.deepEqual(page.end, last);
      assert.deepEqual(await log.end(channel, SHORT), last);
      const forged = { ...last, tag: (last.tag + 1) % 2 ** 32 };
      assertGap(await log.read(channel, forged, SHORT, UNLIMITED), 'epoch');
    },
  },
  {
    name: 'a log goes on where it was when every entry has expired',
    async run({ backend: { log }, uniqueName, elapse }) {
      const channel = uniqueName();
      const positions = await appendEach(log, channel, numbered(1, 3), SHORT);
      await elapse(LONGER_THAN_SHORT_MS);
      const [next] = await appendEach(log, channel, numbered(4, 4), SHORT);
      assert.equal(next!.epoch, positions[2]!.epoch);
      assert.deepEqual(offsetsOf(await readAll(log, channel, positions[2]!, SHORT)), [4]);
      for (const expired of [originOf(next!), positions[0]!, positions[1]!]) {
        assertGap(await log.read(channel, expired, SHORT, UNLIMITED), 'expired');
      }
    },
  },
  {
    name: 'age is measured entry by entry',
    needs: 'clock',
    async run({ backend: { log }, uniqueName, elapse }) {
      const channel = uniqueName();
      const [first] = await appendEach(log, channel, numbered(1, 1), SHORT);
      await elapse(600);
      const [second] = await appendEach(log, channel, numbered(2, 2), SHORT);
      await elapse(600);
      assertGap(await log.read(channel, originOf(first!), SHORT, UNLIMITED), 'expired');
      assert.deepEqual(offsetsOf(await readAll(log, channel, first!, SHORT)), [2]);
      await elapse(600);
      assertGap(await log.read(channel, first!, SHORT, UNLIMITED), 'expired');
      assert.deepEqual(await readAll(log, channel, second!, SHORT), []);
    },
  },
  {
    name: 'the end outlives entries and idempotency records',
    needs: 'clock',
    async run({ backend: { log }, uniqueName, elapse }) {
      const channel = uniqueName();
      const [first] = await appendEach(log, channel, [anEvent({ idempotencyKey: 'k' })], SHORT);
      await elapse(SHORT.ttlMs + IDEMPOTENCY_WINDOW_MS + 1_000);
      assert.deepEqual(await log.end(channel, SHORT), first);
    },
  },
  {
    name: 'a history of days is kept for days',
    needs: 'clock',
    async run({ backend: { log }, uniqueName, elapse }) {
      const channel = uniqueName();
      const history = { size: 10, ttlMs: 3 * 86_400_000 };
      const [first] = await appendEach(log, channel, numbered(1, 2), history);
      await elapse(2 * 86_400_000);
      assert.deepEqual(offsetsOf(await readAll(log, channel, originOf(first!), history)), [1, 2]);
    },
  },
  {
    name: 'asking for the end keeps the log alive: its epoch stays while it is asked for',
    needs: 'clock',
    async run({ backend: { log }, uniqueName, elapse }) {
      const channel = uniqueName();
      const [first] = await appendEach(log, channel, numbered(1, 1), SHORT);
      for (let minutes = 0; minutes < 180; minutes += 5) {
        await elapse(5 * 60_000);
        assert.deepEqual(await log.end(channel, SHORT), first, `after ${minutes + 5} minutes`);
      }
    },
  },
];
