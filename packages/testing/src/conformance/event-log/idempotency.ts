import assert from 'node:assert/strict';
import { IDEMPOTENCY_WINDOW_MS } from '@nestwire/realtime';
import type { ConformanceCase } from '../conformance.js';
import {
  anEvent,
  appendEach,
  KEEP,
  numbered,
  offsetsOf,
  originOf,
  range,
  readAll,
  recorder,
} from './support.js';

/** The same operation, or the same key, is the same entry. */
export const idempotencyCases: readonly ConformanceCase[] = [
  {
    name: 'an operation that is repeated is the same entry',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const event = anEvent({ isRetry: true });
      const [first] = await backend.log.append(channel, [event], KEEP);
      await appendEach(backend.log, channel, numbered(1, 3));
      const [again] = await peer.log.append(channel, [event], KEEP);
      assert.deepEqual(again, { position: first!.position, duplicate: true });
      assert.equal((await backend.log.end(channel, KEEP)).offset, 4);
    },
  },
  {
    name: 'an idempotency key that was seen is the same entry, with another operation and other data too',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const [first] = await backend.log.append(channel, [anEvent({ idempotencyKey: 'k', data: '1' })], KEEP);
      const [again] = await peer.log.append(channel, [anEvent({ idempotencyKey: 'k', data: '2' })], KEEP);
      assert.deepEqual(again, { position: first!.position, duplicate: true });
      const entries = await readAll(backend.log, channel, originOf(first!.position));
      assert.deepEqual(
        entries.map(({ data }) => data),
        ['1'],
      );
    },
  },
  {
    name: '100 concurrent appends with one key are one entry',
    async run({ backend, peer, uniqueName }) {
      const channel = uniqueName();
      const outcomes = await Promise.all(
        range(1, 100).map((n) =>
          (n % 2 === 0 ? backend : peer).log.append(
            channel,
            [anEvent({ idempotencyKey: 'k', data: String(n) })],
            KEEP,
          ),
        ),
      );
      assert.equal(outcomes.filter(([only]) => !only!.duplicate).length, 1);
      assert.equal(new Set(outcomes.map(([only]) => JSON.stringify(only!.position))).size, 1);
      assert.equal((await backend.log.end(channel, KEEP)).offset, 1);
    },
  },
  {
    name: 'a key and an operation id are not taken for one another',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      await log.append(channel, [anEvent({ operationId: 'x' })], KEEP);
      const [other] = await log.append(channel, [anEvent({ idempotencyKey: 'x' })], KEEP);
      assert.equal(other!.duplicate, false);
    },
  },
  {
    name: 'a call may mix fresh events with duplicates: of the log, and of itself',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const seen = anEvent({ data: '1', isRetry: true });
      await log.append(channel, [seen, anEvent({ data: '2', idempotencyKey: 'k' })], KEEP);
      const fresh = anEvent({ data: '3', idempotencyKey: 'l', isRetry: true });
      const outcomes = await log.append(
        channel,
        [
          fresh,
          seen,
          anEvent({ idempotencyKey: 'k' }),
          fresh,
          anEvent({ idempotencyKey: 'l' }),
          anEvent({ data: '4' }),
        ],
        KEEP,
      );
      assert.deepEqual(
        outcomes.map(({ position, duplicate }) => [position.offset, duplicate]),
        [
          [3, false],
          [1, true],
          [2, true],
          [3, true],
          [3, true],
          [4, false],
        ],
      );
      const entries = await readAll(log, channel, originOf(outcomes[0]!.position));
      assert.deepEqual(
        entries.map(({ data }) => Number(data)),
        [1, 2, 3, 4],
      );
    },
  },
  {
    name: 'the same key, or operation, in two channels is two entries',
    async run({ backend: { log }, uniqueName }) {
      const event = anEvent({ idempotencyKey: 'k' });
      for (const channel of [uniqueName(), uniqueName()]) {
        const [outcome] = await log.append(channel, [event], KEEP);
        assert.equal(outcome!.duplicate, false);
        assert.equal((await log.end(channel, KEEP)).offset, 1);
      }
    },
  },
  {
    name: 'a duplicate is not handed to followers again',
    async run({ backend, peer, uniqueName, eventually }) {
      const channel = uniqueName();
      const { entries, listener } = recorder();
      const unfollow = await peer.log.follow(channel, listener);
      const event = anEvent({ idempotencyKey: 'k', isRetry: true });
      await backend.log.append(channel, [event], KEEP);
      await backend.log.append(channel, [event, anEvent({ idempotencyKey: 'k' })], KEEP);
      await backend.log.append(channel, [event, anEvent(), event], KEEP);
      await eventually(() => assert.deepEqual(offsetsOf(entries), [1, 2]));
      unfollow();
    },
  },
  {
    name: 'a record outlives its entry',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const event = anEvent({ idempotencyKey: 'k' });
      const small = { ...KEEP, size: 1 };
      const [first] = await log.append(channel, [event], small);
      await log.append(channel, numbered(1, 100), small);
      const expected = { position: first!.position, duplicate: true };
      const byKey = await log.append(channel, [anEvent({ idempotencyKey: 'k' })], small);
      assert.deepEqual(byKey, [expected]);
    },
  },
  {
    name: 'a key is forgotten with its epoch',
    async run({ backend: { log }, uniqueName }) {
      const channel = uniqueName();
      const event = anEvent({ idempotencyKey: 'k' });
      const [first] = await log.append(channel, [event], KEEP);
      await log.rotate(channel, first!.position.epoch, KEEP);
      const [again] = await log.append(channel, [event], KEEP);
      assert.equal(again!.duplicate, false);
      assert.equal(again!.position.offset, 1);
    },
  },
  {
    name: 'a key is remembered for the whole window, and then no more',
    needs: 'clock',
    async run({ backend: { log }, uniqueName, elapse }) {
      const channel = uniqueName();
      const append = async () => (await log.append(channel, [anEvent({ idempotencyKey: 'k' })], KEEP))[0]!;
      const first = await append();
      await elapse(IDEMPOTENCY_WINDOW_MS - 1_000);
      assert.deepEqual(await append(), { position: first.position, duplicate: true });
      await elapse(2_000);
      assert.equal((await append()).duplicate, false);
    },
  },
  {
    name: 'an operation is remembered for the whole window',
    needs: 'clock',
    async run({ backend: { log }, uniqueName, elapse }) {
      const channel = uniqueName();
      const event = anEvent({ isRetry: true });
      const [first] = await log.append(channel, [event], KEEP);
      await elapse(IDEMPOTENCY_WINDOW_MS - 1_000);
      assert.deepEqual(await log.append(channel, [event], KEEP), [
        { position: first!.position, duplicate: true },
      ]);
    },
  },
];
