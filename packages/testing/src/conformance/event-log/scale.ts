import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance.js';
import { anEvent, KEEP, offsetsOf, originOf, range, readAll } from './support.js';

/** Last, for it takes longest. */
export const scaleCases: readonly ConformanceCase[] = [
  {
    name: 'thousands of channels do not interfere',
    async run({ backend: { log }, uniqueName }) {
      const prefix = uniqueName();
      const channels = range(1, 2_000).map((number) => `${prefix}:${number}`);
      const born = await Promise.all(
        channels.map((channel) => log.append(channel, [anEvent({ data: JSON.stringify(channel) })], KEEP)),
      );
      const logs = await Promise.all(
        channels.map((channel, index) => readAll(log, channel, originOf(born[index]![0]!.position))),
      );
      logs.forEach((entries, index) => {
        assert.deepEqual(offsetsOf(entries), [1]);
        assert.equal(entries[0]!.data, JSON.stringify(channels[index]));
      });
      assert.equal(
        new Set(born.map(([first]) => first!.position.epoch)).size,
        channels.length,
        'each its own epoch',
      );
    },
  },
];
