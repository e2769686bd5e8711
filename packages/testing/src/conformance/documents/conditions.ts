import assert from 'node:assert/strict';
import type { Backend, CommitRequest, Position } from '@nestwire/realtime';
import type { ConformanceCase } from '../conformance.js';
import { KEEP } from '../event-log/support.js';
import { aCommit, assertRefused, channelOf, commit, readDocument, textsOf } from './support.js';

const OTHER_EPOCH = 'fedcba9876543210';

/** What a commit asks for before it writes. */
export const conditionCases: readonly ConformanceCase[] = [
  {
    name: 'ifVersion: at the version it commits, at any other it is refused',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const first = await commit(documents, id, { a: '1' });
      const second = await commit(documents, id, { a: '2' }, { ifVersion: first });
      const others = [
        first,
        { ...second, offset: 3 },
        { ...second, offset: 0 },
        { ...second, epoch: OTHER_EPOCH },
        null,
      ];
      for (const ifVersion of others)
        assertRefused(await documents.commit(id, aCommit({ a: '3' }, { ifVersion }), KEEP));
      await commit(documents, id, { a: '3' }, { ifVersion: { epoch: second.epoch, offset: second.offset } });
    },
  },
  {
    name: 'ifVersion: what is refused is told the version and the fields that it names',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const first = await commit(documents, id, { a: '1', b: '1', c: '1' });
      const second = await commit(documents, id, { a: '2', b: '2' });
      const outcome = await documents.commit(
        id,
        aCommit({ a: '3', missing: '3', c: undefined }, { ifVersion: first }),
        KEEP,
      );
      assertRefused(outcome);
      assert.deepEqual(outcome.position, second);
      assert.deepEqual(
        new Map(outcome.fields),
        new Map([
          ['a', { value: '2', offset: 2 }],
          ['c', { value: '1', offset: 1 }],
        ]),
      );
      assert.deepEqual(outcome.missing, ['missing']);
    },
  },
  {
    name: 'ifVersion null: commits where the document does not exist, never written or with every field removed',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      await commit(documents, id, { a: '1' }, { ifVersion: null });
      assertRefused(await documents.commit(id, aCommit({ a: '2' }, { ifVersion: null }), KEEP));
      await commit(documents, id, { a: undefined });
      await commit(documents, id, { a: '3' }, { ifVersion: null });
    },
  },
  {
    name: 'ifVersion of a document that does not exist is refused, and nothing is made',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      const ifVersion = { epoch: OTHER_EPOCH, offset: 1 };
      const outcome = await backend.documents.commit(id, aCommit({ a: '1' }, { ifVersion }), KEEP);
      assertRefused(outcome);
      assert.equal(outcome.fields.size, 0);
      assert.deepEqual(outcome.missing, ['a']);
      assert.equal(await backend.documents.read(id), undefined);
      assert.equal((await backend.log.end(channelOf(id), KEEP)).offset, 0);
    },
  },
  {
    name: 'ifFieldVersions: other fields may change, the named ones may not',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const first = await commit(documents, id, { a: '1', b: '1' });
      await commit(documents, id, { b: '2' });
      const third = await commit(documents, id, { a: '2' }, onFields({ a: first }));
      assertRefused(await documents.commit(id, aCommit({ a: '3' }, onFields({ a: first })), KEEP));
      const otherEpoch = onFields({ a: { ...third, epoch: OTHER_EPOCH } });
      assertRefused(await documents.commit(id, aCommit({ a: '3' }, otherEpoch), KEEP));
      await commit(documents, id, { c: '1' }, onFields({ a: third, c: null }));
    },
  },
  {
    name: 'ifFieldVersions: what is refused is told the fields that differ, and no others',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const first = await commit(documents, id, { a: '1', b: '1', gone: '1' });
      const second = await commit(documents, id, { b: '2', gone: undefined });
      const expected = onFields({ a: first, b: first, gone: first, never: null });
      const outcome = await documents.commit(id, aCommit({ a: '3', d: '3' }, expected), KEEP);
      assertRefused(outcome);
      assert.deepEqual(outcome.position, second);
      assert.deepEqual(new Map(outcome.fields), new Map([['b', { value: '2', offset: 2 }]]));
      assert.deepEqual(outcome.missing, ['gone']);
    },
  },
  {
    name: 'ifFieldVersions null: commits where the field does not exist',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      await commit(documents, id, { a: '1' }, onFields({ a: null }));
      const outcome = await documents.commit(id, aCommit({ a: '2' }, onFields({ a: null })), KEEP);
      assertRefused(outcome);
      assert.deepEqual(textsOf(outcome.fields), { a: '1' });
      await commit(documents, id, { a: undefined, b: '1' });
      await commit(documents, id, { a: '2' }, onFields({ a: null }));
    },
  },
  {
    name: 'ifFieldVersions: a later version of the document does as well, one of the future or of another epoch does not',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      await commit(documents, id, { a: '1', b: '1' });
      const second = await commit(documents, id, { b: '2' });
      const others = [
        { ...second, offset: 3 },
        { ...second, offset: Number.MAX_SAFE_INTEGER },
        { ...second, epoch: OTHER_EPOCH },
      ];
      for (const version of others)
        assertRefused(await documents.commit(id, aCommit({ a: '9' }, onFields({ a: version })), KEEP));
      await commit(documents, id, { a: '2' }, onFields({ a: second }));
    },
  },
  {
    name: 'ifFieldVersions: a field that was removed keeps its version within the history',
    async run({ backend, peer, uniqueName, elapse }) {
      const id = uniqueName();
      const short = { size: 3, ttlMs: 300 };
      const write = (fields: Parameters<typeof aCommit>[0], conditions = {}) =>
        backend.documents.commit(id, aCommit(fields, conditions), short);
      const first = (await write({ a: '1', b: '1', c: '1' })).position;
      const removal = (await write({ a: undefined })).position;
      assertRefused(await peer.documents.commit(id, aCommit({ a: '2' }, onFields({ a: first })), short));
      const again = await write({ a: '2' }, onFields({ a: removal }));
      assert.equal(again.ok, true);
      assertRefused(await write({ a: '3' }, onFields({ a: removal })));

      const last = (await write({ a: undefined })).position;
      assertRefused(await write({ a: '3' }, onFields({ a: removal })));
      assertRefused(await write({ never: '1' }, onFields({ never: last })));
      await elapse(600);
      assertRefused(await write({ a: '3' }, onFields({ a: last })));
      assert.equal((await write({ a: '3' }, onFields({ a: null }))).ok, true);
    },
  },
  {
    name: 'ifExists: commits where the document exists, and else makes none',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const early = await documents.commit(id, aCommit({ a: '1' }, { ifExists: true }), KEEP);
      assertRefused(early);
      assert.deepEqual([early.exists, early.missing], [false, ['a']]);
      assert.equal(await documents.read(id), undefined);
      const first = await commit(documents, id, { a: '1' });
      await commit(documents, id, { a: '2' }, { ifExists: true });
      const late = await documents.commit(
        id,
        aCommit({ a: '3' }, { ifVersion: first, ifExists: true }),
        KEEP,
      );
      assertRefused(late);
      assert.equal(late.exists, true);
      const ended = await commit(documents, id, { a: undefined });
      assertRefused(
        await documents.commit(id, aCommit({ a: '4' }, { ifVersion: ended, ifExists: true }), KEEP),
      );
    },
  },
  {
    name: 'with both conditions both must hold',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const first = await commit(documents, id, { a: '1' });
      const second = await commit(documents, id, { b: '1' });
      const both = (ifVersion: Position, a: Position | null) =>
        aCommit({ a: '2' }, { ifVersion, ...onFields({ a }) });
      assertRefused(await documents.commit(id, both(first, first), KEEP));
      assertRefused(await documents.commit(id, both(second, null), KEEP));
      assert.equal((await documents.commit(id, both(second, first), KEEP)).ok, true);
    },
  },
  {
    name: 'a refused commit changes nothing: no field, no version, no entry, and may be tried again',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      await commit(backend.documents, id, { a: '1', b: '1' });
      await commit(backend.documents, id, { a: '2' });
      const before = await snapshot(backend, id);
      const request = aCommit(
        { a: '9', b: undefined, c: '9' },
        { ifVersion: { ...before.document.position, offset: 1 } },
      );
      for (const conditions of [{}, { ifVersion: undefined, ...onFields({ a: null }) }]) {
        assertRefused(await backend.documents.commit(id, { ...request, ...conditions }, KEEP));
        assert.deepEqual(await snapshot(backend, id), before);
      }
      const retried = await backend.documents.commit(
        id,
        { ...request, ifVersion: before.document.position },
        KEEP,
      );
      assert.equal(retried.ok, true);
      assert.deepEqual(textsOf((await readDocument(backend.documents, id)).fields), { a: '9', c: '9' });
    },
  },
];

function onFields(versions: Record<string, Position | null>): Pick<CommitRequest, 'ifFieldVersions'> {
  return { ifFieldVersions: new Map(Object.entries(versions)) };
}

async function snapshot({ documents, log }: Backend, id: string) {
  return { document: await readDocument(documents, id), end: await log.end(channelOf(id), KEEP) };
}
