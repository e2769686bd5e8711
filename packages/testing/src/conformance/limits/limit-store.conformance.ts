import assert from 'node:assert/strict';
import { HOLD_TTL_MS } from '@nestwire/realtime';
import type { ConformanceCase, ConformanceSuite } from '../conformance.js';
import { range } from '../event-log/support.js';

const MINUTE = 60_000;

const cases: readonly ConformanceCase[] = [
  {
    name: 'what several nodes count is one count, and nothing of 200 concurrent ones is lost',
    async run({ backend, peer, uniqueName }) {
      const key = uniqueName();
      const counts = await Promise.all(
        range(1, 200).map((n) => (n % 2 ? backend : peer).limits.count(key, 2, MINUTE)),
      );
      const points = counts.map((counted) => counted.points).sort((a, b) => a - b);
      assert.deepEqual(
        points,
        range(1, 200).map((n) => 2 * n),
      );
      assert.equal((await backend.limits.counted(key)).points, 400);
    },
  },
  {
    name: 'looking counts nothing, and of a key that nobody has counted there is nothing',
    async run({ backend: { limits }, peer, uniqueName }) {
      const key = uniqueName();
      assert.deepEqual(await limits.counted(key), { points: 0, endsInMs: 0 });
      await limits.count(key, 3, MINUTE);
      const { points, endsInMs } = await peer.limits.counted(key);
      assert.equal(points, 3);
      assert.ok(endsInMs > MINUTE / 2 && endsInMs <= MINUTE, `ends in ${endsInMs} ms`);
      assert.equal((await limits.counted(key)).points, 3);
    },
  },
  {
    name: 'a window ends when its first count says, and a new one begins with the next',
    async run({ backend, peer, uniqueName, eventually }) {
      const key = uniqueName();
      await backend.limits.count(key, 5, 1_000);
      const { points, endsInMs } = await peer.limits.count(key, 1, MINUTE);
      assert.equal(points, 6);
      assert.ok(endsInMs <= 1_000, `ends in ${endsInMs} ms`);
      // In real time: backends may leave windows to a library with a clock of its own.
      await new Promise((resolve) => setTimeout(resolve, endsInMs));
      await eventually(async () =>
        assert.deepEqual(await peer.limits.counted(key), { points: 0, endsInMs: 0 }),
      );
      assert.equal((await backend.limits.count(key, 1, MINUTE)).points, 1);
    },
  },
  {
    name: 'of what is held, each node’s last word counts, and 0 takes it off the list',
    async run({ backend, peer, uniqueName }) {
      const key = uniqueName();
      assert.deepEqual(await backend.limits.hold(key, 'a', 1), new Map([['a', 1]]));
      await backend.limits.hold(key, 'a', 3);
      assert.deepEqual(toObject(await peer.limits.hold(key, 'b', 2)), { a: 3, b: 2 });
      assert.deepEqual(toObject(await peer.limits.hold(key, 'a', 0)), { b: 2 });
      assert.deepEqual(await backend.limits.hold(key, 'b', 0), new Map());
    },
  },
  {
    name: 'of concurrent words of ten nodes none is lost, and the last to speak sees them all',
    async run({ backend, peer, uniqueName }) {
      const key = uniqueName();
      const nodes = range(1, 10).map((n) => `node${n}`);
      const answers = await Promise.all(
        nodes.map((node, index) => (index % 2 ? backend : peer).limits.hold(key, node, index + 1)),
      );
      const sizes = answers.map(({ size }) => size).sort((a, b) => a - b);
      assert.deepEqual(sizes, range(1, 10));
    },
  },
  {
    name: 'what is counted and what is held under one name, and under different names, never meet',
    async run({ backend: { limits }, uniqueName }) {
      const [key, other] = [uniqueName(), uniqueName()];
      await limits.hold(key, 'a', 7);
      assert.equal((await limits.count(key, 1, MINUTE)).points, 1);
      assert.deepEqual(await limits.hold(other, 'b', 1), new Map([['b', 1]]));
      assert.equal((await limits.counted(other)).points, 0);
    },
  },
  {
    name: 'what is held is forgotten when nobody has spoken of it for its time, and not before',
    needs: 'clock',
    async run({ backend: { limits }, uniqueName, elapse }) {
      const key = uniqueName();
      await limits.hold(key, 'a', 1);
      await elapse(HOLD_TTL_MS - 1_000);
      assert.deepEqual(toObject(await limits.hold(key, 'b', 1)), { a: 1, b: 1 });
      await elapse(HOLD_TTL_MS + 1_000);
      assert.deepEqual(await limits.hold(key, 'c', 1), new Map([['c', 1]]));
    },
  },
];

/** What every `LimitStore` promises. */
export const limitStoreConformance: ConformanceSuite = { name: 'LimitStore', cases };

function toObject(held: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries(held);
}
