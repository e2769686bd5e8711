import assert from 'node:assert/strict';
import type { SessionStore } from '@nestwire/realtime';
import type { ConformanceCase, ConformanceContext } from '../conformance.js';
import { range } from '../event-log/support.js';

const MOST = 8;

interface ChainOfTokens {
  readonly id: string;
  readonly sid: string;
  readonly secretHash: string;
  readonly endsAt: number;
}

/** A chain of an hour whose first token is `t1`. */
async function begun(
  { backend, uniqueName, now }: ConformanceContext,
  lifeMs = 3_600_000,
): Promise<ChainOfTokens> {
  const chain = { id: uniqueName(), sid: uniqueName(), secretHash: uniqueName(), endsAt: now() + lifeMs };
  const { id, sid, secretHash, endsAt } = chain;
  await backend.sessions.putResumption(id, { sid, secretHash, tokenHash: 't1', expiresAt: endsAt });
  return chain;
}

async function uses(
  sessions: SessionStore,
  { id, sid, secretHash, endsAt }: ChainOfTokens,
  token: string,
  next: string,
): Promise<'good' | 'replay'> {
  const resumed = await sessions.resume(id, token, next, endsAt);
  assert.deepEqual({ sid: resumed?.sid, secretHash: resumed?.secretHash }, { sid, secretHash });
  return resumed!.isReplay ? 'replay' : 'good';
}

/** Chains of resume tokens. */
export const resumptionCases: readonly ConformanceCase[] = [
  {
    name: 'a resume token is good until its successor is used, and a replay from then on',
    async run(context) {
      const { backend, peer } = context;
      const chain = await begun(context);
      assert.equal(await uses(backend.sessions, chain, 't1', 't2'), 'good');
      assert.equal(await uses(peer.sessions, chain, 't1', 't3'), 'good');
      assert.equal(await uses(backend.sessions, chain, 't2', 't4'), 'good');
      for (const used of ['t1', 't3', 'never'])
        assert.equal(await uses(peer.sessions, chain, used, 'x'), 'replay');
      assert.equal(await uses(peer.sessions, chain, 'x', 'y'), 'replay');
      assert.equal(await uses(backend.sessions, chain, 't4', 't5'), 'good');
    },
  },
  {
    name: 'of 50 concurrent uses of two successors of one resume token exactly one successor is good',
    async run(context) {
      const chain = await begun(context);
      const { backend, peer } = context;
      await uses(backend.sessions, chain, 't1', 'left');
      await uses(backend.sessions, chain, 't1', 'right');
      const outcomes = await Promise.all(
        range(1, 50).map((n) =>
          uses((n % 4 < 2 ? backend : peer).sessions, chain, n % 2 === 0 ? 'left' : 'right', `next${n}`),
        ),
      );
      const sides = [0, 1].map((side) => new Set(outcomes.filter((_, index) => (index + 1) % 2 === side)));
      assert.deepEqual(
        sides.map((side) => side.size),
        [1, 1],
      );
      assert.notDeepEqual(sides[0], sides[1]);
    },
  },
  {
    name: 'of the successors of one resume token the latest 8 are good',
    async run(context) {
      const { sessions } = context.backend;
      const chain = await begun(context);
      for (const n of range(1, MOST + 1)) assert.equal(await uses(sessions, chain, 't1', `s${n}`), 'good');
      assert.equal(await uses(sessions, chain, 's1', 'x'), 'replay');
      assert.equal(await uses(sessions, chain, 's2', 'x'), 'good');
    },
  },
  {
    name: 'a chain of resume tokens vanishes at its end, which a use and the holder of the latest token move',
    async run(context) {
      const { backend, peer, now, elapse, eventually } = context;
      const [gone, used, held, lost] = await Promise.all(range(1, 4).map(() => begun(context, 400)));
      const later = now() + 3_600_000;
      await backend.sessions.resume(used!.id, 't1', 't2', later);
      await backend.sessions.moveResumption(held!.id, 't1', later);
      await backend.sessions.moveResumption(lost!.id, 'another', later);
      await backend.sessions.moveResumption(context.uniqueName(), 't1', later);
      await elapse(800);
      for (const chain of [gone, lost]) {
        await eventually(async () =>
          assert.equal(await peer.sessions.resume(chain!.id, 't1', 't2', later), undefined),
        );
      }
      assert.equal((await peer.sessions.resume(used!.id, 't2', 't3', later))?.isReplay, false);
      assert.equal((await peer.sessions.resume(held!.id, 't1', 't2', later))?.isReplay, false);
    },
  },
];
