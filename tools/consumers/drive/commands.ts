import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Checks } from '../checks.js';
import { TRANSPORTS } from './sender.js';
import { Visitor } from './visitor.js';

/** Commands of a provider, over both transports. */
export async function driveCommands(url: string, checks: Checks): Promise<void> {
  const staff = new Visitor(url, '1', ['staff']);
  const guest = new Visitor(url, '2', ['guest']);

  for (const transport of TRANSPORTS) {
    await checks.that(`a command over ${transport} runs once, and its result is broadcast`, async () => {
      using sender = await staff.sender(transport);
      using stream = staff.stream(`orders:${transport}`);
      await stream.until('realtime.ready');
      const id = randomUUID();
      const reply = await sender.send('order.claim', { id: 'a', region: transport }, id);
      assert.deepEqual([reply.id, reply.ok, reply.data.by], [id, true, '1']);
      assert.deepEqual(await sender.send('order.claim', { id: 'a', region: transport }, id), reply);
      const [{ d, x }] = await stream.until('order.claimed');
      assert.deepEqual([d, x], [reply.data, 'a']);
    });

    await checks.that(`a command over ${transport} that fails says why`, async () => {
      using sender = await staff.sender(transport);
      const { ok, error } = await sender.send('order.claim', { id: 'taken', region: 'eu' });
      const conflict = { code: 'conflict', message: 'the order is taken', temporary: false };
      assert.deepEqual([ok, error], [false, conflict]);
    });

    await checks.that(`a command over ${transport} is refused to other roles`, async () => {
      using sender = await guest.sender(transport);
      const { error } = await sender.send('order.claim', { id: 'a', region: 'eu' });
      assert.equal(error.code, 'forbidden');
    });

    await checks.that(`a command over ${transport} that does not exist is refused`, async () => {
      using sender = await staff.sender(transport);
      assert.equal((await sender.send('order.nothing', {})).error.code, 'not_found');
    });
  }
}
