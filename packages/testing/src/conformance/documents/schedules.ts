import assert from 'node:assert/strict';
import type { DueId, Schedule } from '@nestwire/realtime';
import type { ConformanceCase } from '../conformance.js';

const LATER_MS = 600_000;
const CLAIM_MS = 100;

/** Which documents are to be looked at, and when. */
export const scheduleCases: readonly ConformanceCase[] = [
  {
    name: 'an id is due at its time and not before, and what is set anew is due at its last time alone',
    async run({ backend: { documents }, uniqueName, elapse }) {
      const [soon, later, moved] = [uniqueName(), uniqueName(), uniqueName()];
      await documents.expiring.set(soon, 50);
      await documents.expiring.set(later, LATER_MS);
      await documents.expiring.set(moved, 0);
      await documents.expiring.set(moved, LATER_MS);
      await elapse(60);
      const due = (await claimAll(documents.expiring)).map(({ id }) => id);
      assert.deepEqual(
        [soon, later, moved].filter((id) => due.includes(id)),
        [soon],
      );
    },
  },
  {
    name: 'a due id is given to one of many who ask, and to the next when the claim is over and it was not settled',
    async run({ backend: { documents }, peer, uniqueName, elapse }) {
      const id = uniqueName();
      await documents.unsaved.set(id, 0);
      const schedules = Array.from({ length: 20 }, (_, n) => (n % 2 ? documents : peer.documents).unsaved);
      const claimed = (await Promise.all(schedules.map((each) => claimAll(each)))).flat();
      assert.equal(claimed.filter((due) => due.id === id).length, 1);
      await elapse(CLAIM_MS + 10);
      assert.ok(await find(peer.documents.unsaved, id), 'it was lost with who had claimed it');
    },
  },
  {
    name: 'a settled id is out, or due at the time that was said',
    async run({ backend: { documents }, uniqueName, elapse }) {
      const [out, again] = [uniqueName(), uniqueName()];
      await documents.unsaved.set(out, 0);
      await documents.unsaved.set(again, 0);
      for (const due of await claimAll(documents.unsaved)) {
        if (due.id === out) await documents.unsaved.settle(due, null);
        if (due.id === again) await documents.unsaved.settle(due, CLAIM_MS / 2);
      }
      await elapse(CLAIM_MS + 10);
      const due = (await claimAll(documents.unsaved)).map(({ id }) => id);
      assert.deepEqual(
        [out, again].filter((id) => due.includes(id)),
        [again],
      );
    },
  },
  {
    name: 'an id that is set anew while it is claimed stays as it was set, whatever it is settled to',
    async run({ backend: { documents }, peer, uniqueName }) {
      const id = uniqueName();
      await documents.expiring.set(id, 0);
      const due = (await find(documents.expiring, id)) ?? assert.fail('it was not due');
      await peer.documents.expiring.set(id, 0);
      await documents.expiring.settle(due, null);
      assert.ok(await find(documents.expiring, id), 'it was taken out');
    },
  },
  {
    name: 'no more ids are given than were asked for, the longest due first',
    async run({ backend: { documents }, uniqueName, elapse }) {
      await claimAll(documents.unsaved, LATER_MS);
      const ids = [uniqueName(), uniqueName(), uniqueName()];
      for (const id of ids) {
        await documents.unsaved.set(id, 0);
        await elapse(5);
      }
      const claimed = await documents.unsaved.claim(2, LATER_MS);
      assert.deepEqual(
        claimed.map(({ id }) => id),
        ids.slice(0, 2),
      );
      await claimAll(documents.unsaved, LATER_MS);
    },
  },
];

/** Other cases may have left ids of their own. */
async function claimAll(schedule: Schedule, claimMs = CLAIM_MS): Promise<DueId[]> {
  const all: DueId[] = [];
  for (;;) {
    const some = await schedule.claim(100, claimMs);
    all.push(...some);
    if (some.length < 100) return all;
  }
}

async function find(schedule: Schedule, id: string): Promise<DueId | undefined> {
  return (await claimAll(schedule)).find((due) => due.id === id);
}
