import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance.js';
import { KEEP, originOf, readAll } from '../event-log/support.js';
import { aCommit, channelOf, commit, patchOf, readDocument, textsOf } from './support.js';

/** JSON texts that a careless backend changes on the way. */
const TEXTS = {
  array: '[]',
  object: '{}',
  nested: '{"a":[],"b":{"c":[[]]}}',
  empty: '""',
  null: 'null',
  integer: '12345678901234567890',
  fraction: '1.10',
  spaced: ' { "a" : 1 } ',
  unicode: '"Grüße 漢字 🚀 \u2028"',
  long: JSON.stringify('é'.repeat(64 * 1024)),
};

/** Names that an object or a careless key would trip over. */
const NAMES = [
  '__proto__',
  'constructor',
  '',
  ' ',
  '0',
  'a.b',
  'a:b',
  'a"b\\',
  'ü 漢字 🚀',
  'set',
  'del',
  'epoch',
  'offset',
];

/** What a commit writes. */
export const commitCases: readonly ConformanceCase[] = [
  {
    name: 'a document that nobody wrote does not exist',
    async run({ backend: { documents }, uniqueName }) {
      assert.equal(await documents.read(uniqueName()), undefined);
      assert.equal(await documents.read(uniqueName(), ['a']), undefined);
    },
  },
  {
    name: 'the first commit makes the document, at the version of its log',
    async run({ backend, peer, uniqueName }) {
      const id = uniqueName();
      const position = await commit(backend.documents, id, { a: '1', b: '"x"' });
      const document = await readDocument(peer.documents, id);
      assert.deepEqual(textsOf(document.fields), { a: '1', b: '"x"' });
      assert.deepEqual(document.position, position);
      assert.equal(position.offset, 1);
      assert.deepEqual(await peer.log.end(channelOf(id), KEEP), position);
    },
  },
  {
    name: 'commits of different fields merge, and each field keeps the offset of its last change',
    async run({ backend, peer, uniqueName }) {
      const id = uniqueName();
      await commit(backend.documents, id, { a: '1', b: '1' });
      await commit(peer.documents, id, { b: '2' });
      await commit(backend.documents, id, { c: '3' });
      const { fields, position } = await readDocument(backend.documents, id);
      assert.deepEqual(textsOf(fields), { a: '1', b: '2', c: '3' });
      const offsets = Object.fromEntries([...fields].map(([name, { offset }]) => [name, offset]));
      assert.deepEqual(offsets, { a: 1, b: 2, c: 3 });
      assert.equal(position.offset, 3);
    },
  },
  {
    name: 'only the fields that were asked for, and that exist, are read',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const position = await commit(documents, id, { a: '1', b: '2', c: '3' });
      const read = async (names: string[]) => (await documents.read(id, names)) ?? assert.fail('it exists');
      const some = await read(['c', 'missing', 'a']);
      assert.deepEqual(textsOf(some.fields), { a: '1', c: '3' });
      assert.deepEqual(some.position, position);
      assert.deepEqual((await read(['missing'])).fields.size, 0);
      assert.deepEqual((await read([])).position, position);
    },
  },
  {
    name: 'values come back byte for byte, from the document and from its patch',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      const position = await commit(backend.documents, id, TEXTS);
      assert.deepEqual(textsOf((await readDocument(backend.documents, id)).fields), TEXTS);
      const [entry] = await readAll(backend.log, channelOf(id), originOf(position));
      for (const text of Object.values(TEXTS))
        assert.ok(entry!.data.includes(text), `the patch holds ${text.slice(0, 40)}`);
    },
  },
  {
    name: 'a field may have any name',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      const set = new Map(NAMES.map((name, index) => [name, String(index)]));
      const first = await backend.documents.commit(id, { ...aCommit({}), set }, KEEP);
      const { fields } = await readDocument(backend.documents, id);
      assert.deepEqual(new Map([...fields].map(([name, { value }]) => [name, value])), set);
      const second = await backend.documents.commit(id, { ...aCommit({}), del: NAMES.slice(1) }, KEEP);
      const [made, removed, ...rest] = await readAll(backend.log, channelOf(id), originOf(first.position));
      assert.ok(
        made !== undefined && removed !== undefined && rest.length === 0,
        'two commits are two entries',
      );
      assert.deepEqual(new Set(Object.keys(patchOf(made).set)), new Set(NAMES));
      assert.deepEqual(new Set(patchOf(removed).del), new Set(NAMES.slice(1)));
      assert.equal(second.position.offset, 2);
      assert.deepEqual([...(await readDocument(backend.documents, id)).fields.keys()], NAMES.slice(0, 1));
    },
  },
  {
    name: 'a field written with the text that it holds is not a change: no entry, no version',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      const position = await commit(backend.documents, id, { a: '1', b: '2' });
      const same = await backend.documents.commit(id, aCommit({ a: '1', missing: undefined }), KEEP);
      assert.deepEqual(same, { ok: true, position, changed: false });
      assert.deepEqual(await backend.log.end(channelOf(id), KEEP), position);
      const partly = await backend.documents.commit(id, aCommit({ a: '1', b: '3' }), KEEP);
      assert.deepEqual([partly.ok, partly.position.offset], [true, 2]);
      const { fields } = await readDocument(backend.documents, id);
      assert.deepEqual([fields.get('a')!.offset, fields.get('b')!.offset], [1, 2]);
    },
  },
  {
    name: 'a commit that changes nothing of what does not exist makes neither document nor entry',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      const outcome = await backend.documents.commit(id, aCommit({ a: undefined }), KEEP);
      assert.equal(outcome.ok && outcome.changed, false);
      assert.equal(await backend.documents.read(id), undefined);
      const end = await backend.log.end(channelOf(id), KEEP);
      assert.deepEqual(end, originOf(end));
    },
  },
  {
    name: 'fields are removed; a document without fields does not exist, and its log goes on',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      const first = await commit(backend.documents, id, { a: '1', b: '2' });
      await commit(backend.documents, id, { a: undefined });
      assert.deepEqual(textsOf((await readDocument(backend.documents, id)).fields), { b: '2' });
      await commit(backend.documents, id, { b: undefined });
      assert.equal(await backend.documents.read(id), undefined);
      assert.equal(await backend.documents.read(id, ['b']), undefined);
      const again = await commit(backend.documents, id, { a: '3' });
      assert.deepEqual([again.epoch, again.offset], [first.epoch, 4]);
    },
  },
  {
    name: 'a commit may be of thousands of fields, each of which is told from its neighbours',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const names = Array.from({ length: 3_500 }, (_, index) => `field${index}`);
      const fields = (value: (index: number) => string | undefined) =>
        Object.fromEntries(names.map((name, index) => [name, value(index)]));
      const first = await commit(documents, id, fields(String));
      const second = await commit(
        documents,
        id,
        fields((index) => (index % 2 === 0 ? String(index) : undefined)),
      );
      const even = Object.fromEntries(Object.entries(fields(String)).filter((_, index) => index % 2 === 0));
      assert.deepEqual(textsOf((await readDocument(documents, id)).fields), even);
      assert.equal(second.offset, first.offset + 1);
      await commit(
        documents,
        id,
        fields(() => undefined),
      );
      assert.equal(await documents.read(id), undefined);
    },
  },
  {
    name: 'an operation that is repeated is the same commit, whatever has happened since',
    async run({ backend, peer, uniqueName }) {
      const id = uniqueName();
      const start = await commit(backend.documents, id, { a: '0' });
      const request = aCommit({ a: '1' }, { ifVersion: start, isRetry: true });
      const first = await backend.documents.commit(id, request, KEEP);
      const last = await commit(backend.documents, id, { a: '2' });
      assert.deepEqual(await peer.documents.commit(id, request, KEEP), first);
      const document = await readDocument(backend.documents, id);
      assert.deepEqual(textsOf(document.fields), { a: '2' });
      assert.deepEqual(document.position, last);
    },
  },
  {
    name: 'a document and a channel of the same name are two things, and so are two documents',
    async run({ backend, uniqueName }) {
      const [id, other] = [uniqueName(), uniqueName()];
      await commit(backend.documents, id, { a: '1' });
      await commit(backend.documents, other, { a: '2' });
      assert.equal((await backend.log.end(id, KEEP)).offset, 0);
      assert.deepEqual(textsOf((await readDocument(backend.documents, id)).fields), { a: '1' });
    },
  },
  {
    name: 'a document stays whole when its patches have expired',
    async run({ backend, uniqueName, elapse }) {
      const id = uniqueName();
      const short = { size: 100, ttlMs: 200 };
      await backend.documents.commit(id, aCommit({ a: '1', b: '1' }), short);
      const { position } = await backend.documents.commit(id, aCommit({ b: '2' }), short);
      await elapse(400);
      const document = await readDocument(backend.documents, id);
      assert.deepEqual(textsOf(document.fields), { a: '1', b: '2' });
      assert.deepEqual(document.position, position);
      assert.deepEqual(await backend.log.end(channelOf(id), short), position);
    },
  },
];
