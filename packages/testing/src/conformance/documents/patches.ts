import assert from 'node:assert/strict';
import type { Backend, StoredDocument } from '@nestwire/realtime';
import type { ConformanceCase } from '../conformance.js';
import {
  during,
  KEEP,
  nextTurn,
  offsetsOf,
  originOf,
  positionOf,
  range,
  readAll,
  recorder,
  sorted,
} from '../event-log/support.js';
import { aCommit, channelOf, commit, fold, patchOf, readDocument, textsOf } from './support.js';

/** The document's log. */
export const patchCases: readonly ConformanceCase[] = [
  {
    name: 'a commit is one entry of the log, which says what changed and stands at exactly its version',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      const first = await commit(backend.documents, id, { a: '1', b: '[]' }, { correlationId: 'x' });
      const second = await commit(backend.documents, id, {
        a: '1',
        b: undefined,
        c: '{"d":null}',
        missing: undefined,
      });
      const entries = await readAll(backend.log, channelOf(id), originOf(first));
      assert.deepEqual(entries.map(positionOf), [first, second]);
      assert.deepEqual(entries.map(patchOf), [
        { set: { a: 1, b: [] }, del: [] },
        { set: { c: { d: null } }, del: ['b'] },
      ]);
      assert.deepEqual(
        entries.map(({ correlationId }) => correlationId),
        ['x', undefined],
      );
    },
  },
  {
    name: 'a follower of the channel is handed every commit once, repeated operations not again',
    async run({ backend, peer, uniqueName, eventually }) {
      const id = uniqueName();
      const { entries, listener } = recorder();
      const unfollow = await peer.log.follow(channelOf(id), listener);
      const request = aCommit({ a: '1' }, { isRetry: true });
      await backend.documents.commit(id, request, KEEP);
      await backend.documents.commit(id, request, KEEP);
      await commit(backend.documents, id, { a: '1' });
      await commit(backend.documents, id, { a: '2' });
      await eventually(() => assert.deepEqual(sorted(offsetsOf(entries)), [1, 2]));
      assert.deepEqual(new Set(entries.map((entry) => patchOf(entry).set.a)), new Set([1, 2]));
      unfollow();
    },
  },
  {
    name: 'whoever is told of a patch reads a document that holds it',
    async run({ backend, peer, uniqueName, eventually }) {
      const id = uniqueName();
      const reads: Promise<[number, StoredDocument | undefined]>[] = [];
      const unfollow = await peer.log.follow(channelOf(id), (entries) => {
        for (const { offset } of entries)
          reads.push(peer.documents.read(id).then((document) => [offset, document]));
      });
      for (const number of range(1, 20)) await commit(backend.documents, id, { a: String(number) });
      await eventually(() => assert.equal(reads.length, 20));
      for (const [offset, document] of await Promise.all(reads)) {
        assert.ok(
          document !== undefined && document.position.offset >= offset,
          `patch ${offset} before its document`,
        );
        assert.equal(document.fields.get('a')?.value, String(document.position.offset));
      }
      unfollow();
    },
  },
  {
    name: 'a document whose log is rotated is whole or gone, at the new version, and goes on from there',
    async run({ backend, peer, uniqueName }) {
      const id = uniqueName();
      const before = await commit(backend.documents, id, { a: '1', b: '2' });
      const end = await backend.log.rotate(channelOf(id), before.epoch, KEEP);
      const document = await peer.documents.read(id);
      if (document !== undefined) {
        assert.deepEqual(document.position, end);
        assert.deepEqual(textsOf(document.fields), { a: '1', b: '2' });
      }
      const stale = await backend.documents.commit(id, aCommit({ a: '9' }, { ifVersion: before }), KEEP);
      assert.equal(stale.ok, false);
      await commit(backend.documents, id, { c: '3' });
      const last = await readDocument(peer.documents, id);
      const patches = await readAll(peer.log, channelOf(id), end);
      assert.deepEqual(fold(document, patches), fold(last, []));
    },
  },
  {
    name: 'a snapshot and the patches after it always fit together, whatever is written meanwhile',
    async run({ backend, peer, uniqueName }) {
      const id = uniqueName();
      await commit(backend.documents, id, { counter: '0' });
      const snapshots: StoredDocument[] = [];
      const writers = range(1, 8).map((seed) => write(seed % 2 === 0 ? backend : peer, id, seed));
      await during(Promise.all(writers), async () => {
        snapshots.push(await readDocument(peer.documents, id));
      });
      const last = await readDocument(backend.documents, id);
      const expected = fold(last, []);
      for (const document of [...snapshots, last]) {
        const patches = await readAll(backend.log, channelOf(id), document.position);
        assert.deepEqual(
          fold(document, patches),
          expected,
          `the fold from version ${document.position.offset}`,
        );
      }
      const all = await readAll(backend.log, channelOf(id), originOf(last.position));
      assert.deepEqual(fold(undefined, all), expected, 'the fold of the whole log');
      for (const [name, { offset }] of last.fields) {
        const touched = all.filter((entry) => name in patchOf(entry).set);
        assert.equal(touched.at(-1)!.offset, offset, `the offset of field ${name}`);
      }
    },
  },
];

/** Sets and removes fields, its own and shared ones, in an order that differs from writer to writer. */
async function write({ documents }: Backend, id: string, seed: number): Promise<void> {
  for (const step of range(1, 40)) {
    const shared = `shared${(step * seed) % 5}`;
    const value = (step + seed) % 3 === 0 ? undefined : JSON.stringify({ by: seed, step, list: [] });
    await commit(documents, id, {
      counter: String(step * seed),
      [shared]: value,
      [`own${seed}`]: String(step),
    });
    await nextTurn();
  }
}
