import assert from 'node:assert/strict';
import { COMMAND_RECORD_TTL_MS, type CommandClaim } from '@nestwire/realtime';
import type { ConformanceCase, ConformanceContext, ConformanceSuite } from '../conformance.js';
import { range } from '../event-log/support.js';

/** JSON texts that a careless backend changes on the way. */
const REPLIES = ['{"id":"1","ok":true,"data":[]}', '{}', 'null', '12345678901234567890', ' "Grüße 🚀" '];

const cases: readonly ConformanceCase[] = [
  {
    name: 'the first claim has the command; another of the same body is told who runs it',
    async run({ backend, peer, uniqueName }) {
      const claim = aClaim(uniqueName(), { node: 'a' });
      assert.deepEqual(await backend.commands.claim(claim), { status: 'claimed' });
      const again = await peer.commands.claim({ ...claim, node: 'b' });
      assert.deepEqual(again, { status: 'running', node: 'a' });
      assert.deepEqual(await backend.commands.claim(claim), { status: 'running', node: 'a' });
    },
  },
  {
    name: 'of 100 concurrent claims exactly one has it, and the others are told who',
    async run({ backend, peer, uniqueName }) {
      const claim = aClaim(uniqueName());
      const nodes = range(1, 100).map((number) => `node${number}`);
      const outcomes = await Promise.all(
        nodes.map((node, index) => (index % 2 === 0 ? backend : peer).commands.claim({ ...claim, node })),
      );
      const winners = nodes.filter((_, index) => outcomes[index]!.status === 'claimed');
      assert.equal(winners.length, 1);
      const others = outcomes.filter(({ status }) => status !== 'claimed');
      for (const other of others) assert.deepEqual(other, { status: 'running', node: winners[0] });
    },
  },
  {
    name: 'a settled command gives its first reply, byte for byte, as often as it is claimed',
    async run({ backend, peer, uniqueName }) {
      for (const reply of REPLIES) {
        const claim = aClaim(uniqueName());
        await backend.commands.claim(claim);
        await backend.commands.settle(claim.scope, claim.id, reply);
        assert.deepEqual(await peer.commands.claim({ ...claim, node: 'other' }), {
          status: 'settled',
          reply,
        });
        assert.deepEqual(await backend.commands.claim(claim), { status: 'settled', reply });
      }
    },
  },
  {
    name: 'an id that comes with another body is a conflict, running and settled, and leaves the first as it is',
    async run({ backend: { commands }, uniqueName }) {
      const claim = aClaim(uniqueName());
      const other = { ...claim, digest: 'another' };
      await commands.claim(claim);
      assert.deepEqual(await commands.claim(other), { status: 'conflict' });
      assert.deepEqual(await commands.claim(claim), { status: 'running', node: claim.node });
      await commands.settle(claim.scope, claim.id, '{}');
      assert.deepEqual(await commands.claim(other), { status: 'conflict' });
      assert.deepEqual(await commands.claim(claim), { status: 'settled', reply: '{}' });
    },
  },
  {
    name: 'ids of different scopes never meet, whatever they look like joined',
    async run({ backend: { commands }, uniqueName }) {
      const scope = uniqueName();
      const pairs = [
        [scope, 'b:c'],
        [`${scope}:b`, 'c'],
        [`${scope}:b:c`, ''],
        [scope, 'b'],
        [uniqueName(), 'b'],
      ] as const;
      for (const [each, id] of pairs) {
        assert.deepEqual(await commands.claim(aClaim(each, { id })), { status: 'claimed' }, `${each} ${id}`);
      }
      await commands.settle(scope, 'b:c', '1');
      assert.equal((await commands.claim(aClaim(`${scope}:b`, { id: 'c' }))).status, 'running');
    },
  },
  {
    name: 'settling what nobody has claimed leaves the id free',
    async run({ backend: { commands }, uniqueName }) {
      const claim = aClaim(uniqueName());
      await commands.settle(claim.scope, claim.id, '{}');
      assert.deepEqual(await commands.claim(claim), { status: 'claimed' });
    },
  },
  {
    name: 'a claim is kept for its time and then forgotten, settled or not',
    needs: 'clock',
    async run(context) {
      for (const settled of [false, true]) await assertKeptAndForgotten(context, settled);
    },
  },
];

/** What every `CommandStore` promises. */
export const commandStoreConformance: ConformanceSuite = { name: 'CommandStore', cases };

async function assertKeptAndForgotten({ backend, uniqueName, elapse }: ConformanceContext, settled: boolean) {
  const claim = aClaim(uniqueName());
  await backend.commands.claim(claim);
  if (settled) await backend.commands.settle(claim.scope, claim.id, '{}');
  await elapse(COMMAND_RECORD_TTL_MS - 1_000);
  assert.equal((await backend.commands.claim(claim)).status, settled ? 'settled' : 'running');
  await elapse(2_000);
  assert.equal((await backend.commands.claim({ ...claim, digest: 'another' })).status, 'claimed');
}

function aClaim(scope: string, fields: Partial<CommandClaim> = {}): CommandClaim {
  return { scope, id: 'id', digest: 'digest', node: 'node', ...fields };
}
