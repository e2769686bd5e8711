import assert from 'node:assert/strict';
import type { Backend, CommitRequest } from '@nestwire/realtime';
import type { ConformanceCase } from '../conformance.js';
import { KEEP } from '../event-log/support.js';
import { aCommit, channelOf, commit } from './support.js';

/** How large a document may grow. */
export const limitCases: readonly ConformanceCase[] = [
  {
    name: 'a document grows to maxFields and no further, and a refused commit changes nothing',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      const limit = { maxFields: 2 };
      await commit(backend.documents, id, { a: '1', b: '1' }, limit);
      await assertTooLarge(backend, id, aCommit({ a: '2', c: '1' }, limit));
      await commit(backend.documents, id, { a: '2' }, limit);
      await commit(backend.documents, id, { a: undefined, c: '1' }, limit);
      await assertTooLarge(backend, id, aCommit({ d: '1' }, limit));
      await assertTooLarge(backend, uniqueName(), aCommit({ a: '1', b: '1', c: '1' }, limit));
    },
  },
  {
    name: 'the names and values of a document grow to maxBytes and no further, by their bytes in UTF-8',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      const limit = { maxBytes: 12 };
      await commit(backend.documents, id, { ü: '"ß"', b: '12345' }, limit);
      await assertTooLarge(backend, id, aCommit({ b: '123456' }, limit));
      await assertTooLarge(backend, id, aCommit({ c: '' }, limit));
      await commit(backend.documents, id, { b: '1' }, limit);
      await commit(backend.documents, id, { ü: undefined, c: '123456789' }, limit);
      await assertTooLarge(backend, id, aCommit({ d: '' }, limit));
      await commit(backend.documents, id, { b: undefined, c: undefined }, limit);
      await commit(backend.documents, id, { d: '12345678901' }, limit);
    },
  },
  {
    name: 'a document that is larger than a new limit may shrink, and stay as large as it is',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      await commit(backend.documents, id, { a: '123', b: '123', c: '123' });
      const limit = { maxFields: 1, maxBytes: 4 };
      await commit(backend.documents, id, { a: '321' }, limit);
      await commit(backend.documents, id, { a: '1', c: undefined }, limit);
      await assertTooLarge(backend, id, aCommit({ a: '12' }, limit));
    },
  },
  {
    name: 'what a document holds is counted on when its log is rotated',
    async run({ backend, uniqueName }) {
      const id = uniqueName();
      const { epoch } = await commit(backend.documents, id, { a: '123' });
      await backend.log.rotate(channelOf(id), epoch, KEEP);
      const left = (await backend.documents.read(id))?.fields.size ?? 0;
      const room = { maxFields: left + 1, maxBytes: 6 };
      await commit(backend.documents, id, { b: '1' }, room);
      await assertTooLarge(backend, id, aCommit({ b: '1234567' }, room));
    },
  },
];

async function assertTooLarge(
  { documents, log }: Backend,
  id: string,
  request: CommitRequest,
): Promise<void> {
  const state = async () => [await documents.read(id), (await log.end(channelOf(id), KEEP)).offset];
  const before = await state();
  const code = await documents.commit(id, request, KEEP).then(
    () => 'none',
    (error: { code?: unknown }) => error.code,
  );
  assert.equal(code, 'too_large');
  assert.deepEqual(await state(), before);
}
