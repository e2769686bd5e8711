import assert from 'node:assert/strict';
import type { StoredTicket } from '@nestwire/realtime';
import type { ConformanceCase } from '../conformance.js';
import { aPrincipal } from './support.js';

/** Tickets of streams. */
export const ticketCases: readonly ConformanceCase[] = [
  {
    name: 'a ticket is found as it was stored, as often as it is asked for',
    async run({ backend, peer, uniqueName, now }) {
      const tickets: StoredTicket[] = [
        {
          principal: aPrincipal(uniqueName()),
          sid: uniqueName(),
          channels: ['b', 'a:1'],
          expiresAt: now() + 600_000,
        },
        {
          principal: { roles: [], claims: { list: [] } },
          sid: null,
          channels: [],
          expiresAt: now() + 600_000,
        },
      ];
      for (const ticket of tickets) {
        const hash = uniqueName();
        await backend.sessions.putTicket(hash, ticket);
        assert.deepEqual(await peer.sessions.findTicket(hash), ticket);
        assert.deepEqual(await backend.sessions.findTicket(hash), ticket);
      }
    },
  },
  {
    name: 'a ticket that was never stored is not found',
    async run({ backend: { sessions }, uniqueName }) {
      assert.equal(await sessions.findTicket(uniqueName()), undefined);
    },
  },
  {
    name: 'a ticket vanishes when its time has passed',
    async run({ backend, peer, uniqueName, now, elapse, eventually }) {
      const hash = uniqueName();
      const ticket = { principal: aPrincipal(), sid: null, channels: ['a'], expiresAt: now() + 300 };
      await backend.sessions.putTicket(hash, ticket);
      await elapse(600);
      await eventually(async () => assert.equal(await peer.sessions.findTicket(hash), undefined));
    },
  },
];
