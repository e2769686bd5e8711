import assert from 'node:assert/strict';
import type { DocumentStore, UnsavedDocument } from '@nestwire/realtime';
import type { ConformanceCase } from '../conformance.js';
import { KEEP } from '../event-log/support.js';
import { aCommit, assertRefused, channelOf, commit, readDocument, textsOf } from './support.js';

const CLAIM_MS = 60_000;

/** What of documents is saved elsewhere. */
export const savingCases: readonly ConformanceCase[] = [
  {
    name: 'a document is unsaved from its first commit until it was saved at that version, and again from the next',
    async run({ backend: { documents }, peer, uniqueName }) {
      const id = uniqueName();
      assert.equal(await documents.claimUnsaved(id, CLAIM_MS), undefined);
      const position = await commit(documents, id, { a: '1', b: '2' });
      const first = await claim(documents, id);
      assert.deepEqual([first.position, textsOf(first.fields)], [position, { a: '1', b: '2' }]);
      await documents.markSaved(id, position);
      assert.equal(await peer.documents.claimUnsaved(id, CLAIM_MS, { regardless: true }), undefined);
      await commit(documents, id, { a: '1' });
      assert.equal(await documents.claimUnsaved(id, CLAIM_MS, { regardless: true }), undefined);
      await commit(documents, id, { a: '2' });
      assert.deepEqual(textsOf((await claim(peer.documents, id)).fields), { a: '2', b: '2' });
    },
  },
  {
    name: 'what was committed while a document was being saved is unsaved still',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const position = await commit(documents, id, { a: '1' });
      await commit(documents, id, { a: '2' });
      await documents.markSaved(id, position);
      assert.deepEqual(textsOf((await claim(documents, id)).fields), { a: '2' });
    },
  },
  {
    name: 'a removed document is unsaved too, without fields',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      await documents.markSaved(id, await commit(documents, id, { a: '1' }));
      await commit(documents, id, { a: undefined });
      assert.equal((await claim(documents, id)).fields.size, 0);
    },
  },
  {
    name: 'an unsaved document is given to one of two who ask, and to whoever wants it all the same',
    async run({ backend: { documents }, peer, uniqueName }) {
      const id = uniqueName();
      await commit(documents, id, { a: '1' });
      const asked = await Promise.all(
        [documents, peer.documents].map((store) => store.claimUnsaved(id, CLAIM_MS)),
      );
      const refused = asked.find((answer) => answer !== undefined && 'claimedForMs' in answer);
      assert.ok(refused, 'both were given it');
      assert.ok(refused.claimedForMs > 0 && refused.claimedForMs <= CLAIM_MS);
      await claim(peer.documents, id);
    },
  },
  {
    name: 'revisions of a document rise with every answer, in another epoch too',
    async run({ backend: { documents, log }, peer, uniqueName }) {
      const id = uniqueName();
      const { epoch } = await commit(documents, id, { a: '1' });
      const revisions = [(await claim(documents, id)).revision, (await claim(peer.documents, id)).revision];
      await log.rotate(channelOf(id), epoch, KEEP);
      revisions.push((await claim(documents, id)).revision);
      assert.deepEqual(
        revisions,
        [...new Set(revisions)].sort((a, b) => a - b),
      );
    },
  },
  {
    name: 'ifLoaded: a commit is refused where the document is not here, unless its removal has yet to be saved',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const change = (fields: Record<string, string | undefined>) =>
        documents.commit(id, aCommit(fields, { ifLoaded: true }), KEEP);
      const unloaded = await change({ a: '1' });
      assertRefused(unloaded);
      assert.equal(unloaded.unloaded, true);
      assert.equal(await documents.read(id), undefined);
      await commit(documents, id, { a: '1' });
      assert.equal((await change({ a: undefined })).ok, true);
      const position = await commit(documents, id, { b: '1' }, { ifLoaded: true });
      await documents.markSaved(id, position);
      await documents.markSaved(id, await commit(documents, id, { b: undefined }));
      assertRefused(await change({ c: '1' }));
    },
  },
  {
    name: 'ifLoaded false: a commit is refused where the document is here, or its removal has yet to be saved',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      const load = () => documents.commit(id, aCommit({ a: '1' }, { ifLoaded: false, isSaved: true }), KEEP);
      assert.equal((await load()).ok, true);
      assert.equal(await documents.claimUnsaved(id, CLAIM_MS), undefined);
      assertRefused(await load());
      const removed = await commit(documents, id, { a: undefined });
      const refused = await load();
      assertRefused(refused);
      assert.equal(refused.unloaded, undefined);
      await documents.markSaved(id, removed);
      assert.equal((await load()).ok, true);
    },
  },
  {
    name: 'what a commit removes is kept where it is asked to, until it is forgotten',
    async run({ backend: { documents }, peer, uniqueName }) {
      const id = uniqueName();
      await commit(documents, id, { a: '1', b: '"two"', gone: '0' });
      await commit(documents, id, { gone: undefined });
      assert.equal(await documents.readRemoved(id), undefined);
      await commit(documents, id, { a: undefined, b: undefined }, { keepRemoved: true, isSaved: true });
      assert.equal(await documents.read(id), undefined);
      const kept = await peer.documents.readRemoved(id);
      assert.deepEqual(textsOf(kept ?? assert.fail('nothing was kept')), { a: '1', b: '"two"' });
      await peer.documents.forgetRemoved(id);
      assert.equal(await documents.readRemoved(id), undefined);
    },
  },
  {
    name: 'a refused commit keeps nothing of what it was to remove',
    async run({ backend: { documents }, uniqueName }) {
      const id = uniqueName();
      await commit(documents, id, { a: '1' });
      const request = aCommit({ a: undefined }, { keepRemoved: true, ifVersion: null });
      assertRefused(await documents.commit(id, request, KEEP));
      assert.equal(await documents.readRemoved(id), undefined);
      assert.deepEqual(textsOf((await readDocument(documents, id)).fields), { a: '1' });
    },
  },
];

async function claim(documents: DocumentStore, id: string): Promise<UnsavedDocument> {
  const answer = await documents.claimUnsaved(id, CLAIM_MS, { regardless: true });
  if (answer === undefined || 'claimedForMs' in answer) assert.fail('it was not given');
  return answer;
}
