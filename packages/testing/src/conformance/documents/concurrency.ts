import assert from 'node:assert/strict';
import type { Position } from '@nestwire/realtime';
import type { ConformanceCase } from '../conformance.js';
import { KEEP, offsetsOf, range, sorted } from '../event-log/support.js';
import { aCommit, commit, readDocument, textsOf } from './support.js';

/** No update is lost. */
export const concurrencyCases: readonly ConformanceCase[] = [
  {
    name: '1,000 concurrent commits with one ifVersion: exactly one is made',
    async run({ backend, peer, uniqueName }) {
      const id = uniqueName();
      const ifVersion = await commit(backend.documents, id, { a: '0' });
      const outcomes = await Promise.all(
        range(1, 1_000).map((number) =>
          (number % 2 === 0 ? backend : peer).documents.commit(
            id,
            aCommit({ a: String(number) }, { ifVersion }),
            KEEP,
          ),
        ),
      );
      const made = outcomes.flatMap(({ ok }, index) => (ok ? [index + 1] : []));
      assert.equal(made.length, 1);
      const document = await readDocument(backend.documents, id);
      assert.equal(document.position.offset, 2);
      assert.deepEqual(textsOf(document.fields), { a: String(made[0]) });
    },
  },
  {
    name: '1,000 increments by concurrent writers with ifVersion: as many commits as versions, none lost',
    async run({ backend, peer, uniqueName }) {
      const id = uniqueName();
      await commit(backend.documents, id, { counter: '0' });
      const made: Position[] = [];
      const increment = async ({ documents }: typeof backend) => {
        const { position, fields } = await readDocument(documents, id);
        const counter = String(Number(fields.get('counter')!.value) + 1);
        const outcome = await documents.commit(id, aCommit({ counter }, { ifVersion: position }), KEEP);
        if (outcome.ok) made.push(outcome.position);
      };
      for (let left = 1_000; left > 0; left -= 50) {
        await Promise.all(range(1, 50).map((writer) => increment(writer % 2 === 0 ? backend : peer)));
      }
      const { position, fields } = await readDocument(backend.documents, id);
      assert.deepEqual(sorted(offsetsOf(made)), range(2, position.offset));
      assert.equal(fields.get('counter')!.value, String(made.length));
    },
  },
  {
    name: 'concurrent increments of different fields with ifFieldVersions never stand against one another',
    async run({ backend, peer, uniqueName }) {
      const id = uniqueName();
      const names = range(1, 20).map((number) => `field${number}`);
      await commit(backend.documents, id, Object.fromEntries(names.map((name) => [name, '0'])));
      await Promise.all(
        names.map(async (name, index) => {
          const { documents } = index % 2 === 0 ? backend : peer;
          for (const next of range(1, 20)) {
            const { position, fields } = await readDocument(documents, id);
            const version = { epoch: position.epoch, offset: fields.get(name)!.offset };
            await commit(
              documents,
              id,
              { [name]: String(next) },
              { ifFieldVersions: new Map([[name, version]]) },
            );
          }
        }),
      );
      const { position, fields } = await readDocument(backend.documents, id);
      assert.deepEqual(textsOf(fields), Object.fromEntries(names.map((name) => [name, '20'])));
      assert.equal(position.offset, 401);
    },
  },
  {
    name: '500 concurrent commits of different fields merge',
    async run({ backend, peer, uniqueName }) {
      const id = uniqueName();
      const names = range(1, 500).map((number) => `field${number}`);
      const positions = await Promise.all(
        names.map((name, index) =>
          commit((index % 2 === 0 ? backend : peer).documents, id, { [name]: String(index) }),
        ),
      );
      const { fields, position } = await readDocument(backend.documents, id);
      assert.deepEqual(
        textsOf(fields),
        Object.fromEntries(names.map((name, index) => [name, String(index)])),
      );
      assert.deepEqual(sorted(offsetsOf(positions)), range(1, 500));
      assert.equal(position.offset, 500);
      names.forEach((name, index) => assert.equal(fields.get(name)!.offset, positions[index]!.offset));
    },
  },
  {
    name: '100 concurrent repetitions of one operation are one commit',
    async run({ backend, peer, uniqueName }) {
      const id = uniqueName();
      const request = aCommit({ a: '1' }, { ifVersion: null, isRetry: true });
      const outcomes = await Promise.all(
        range(1, 100).map((number) =>
          (number % 2 === 0 ? backend : peer).documents.commit(id, request, KEEP),
        ),
      );
      for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0]);
      assert.deepEqual([outcomes[0]!.ok, outcomes[0]!.position.offset], [true, 1]);
      assert.equal((await readDocument(backend.documents, id)).position.offset, 1);
    },
  },
];
