import assert from 'node:assert/strict';
import type { Checks } from '../checks.js';
import { TRANSPORTS } from './sender.js';
import { Visitor } from './visitor.js';

/** A document over every way in: its patches, conflicts and followers. */
export async function driveState(url: string, checks: Checks): Promise<void> {
  const owner = new Visitor(url, '5');
  const stranger = new Visitor(url, '6');
  const path = '/realtime/state/cart:5';
  const patch = (visitor: Visitor, kind: 'merge' | 'json', body: unknown, headers?: Record<string, string>) =>
    visitor.request('PATCH', path, {
      body,
      headers: { 'content-type': `application/${kind}-patch+json`, ...headers },
    });

  await checks.that('HTTP: a patch makes the document, and its version is the ETag', async () => {
    const { status, headers, body } = await patch(owner, 'merge', { quantity: 1 });
    assert.deepEqual([status, headers.get('etag')], [200, `"${body.version}"`]);
    const document = await owner.request('GET', path);
    assert.deepEqual([document.headers.get('etag'), document.body], [`"${body.version}"`, { quantity: 1 }]);
  });

  await checks.that('HTTP: a patch of an earlier version is refused, with what stands now', async () => {
    const condition = { 'if-match': (await owner.request('GET', path)).headers.get('etag')! };
    const replace = [{ op: 'replace', path: '/quantity', value: 2 }];
    assert.equal((await patch(owner, 'json', replace, condition)).status, 200);
    const { status, body } = await patch(owner, 'merge', { quantity: 9 }, condition);
    assert.deepEqual([status, body.error.code], [412, 'conflict']);
    assert.equal(body.error.details.fields.quantity.value, 2);
  });

  await checks.that('HTTP: the policy keeps strangers out', async () => {
    assert.equal((await stranger.request('GET', path)).status, 403);
    assert.equal((await patch(stranger, 'merge', { quantity: 0 })).status, 403);
  });

  for (const transport of TRANSPORTS) {
    await checks.that(`${transport}: a conflict changes nothing, and followers see the rest`, async () => {
      using sender = await owner.sender(transport);
      using client = await owner.socket();
      using stream = owner.stream('$state:cart:5');
      const commit = (data: object) => sender.send('realtime.state.patch', { id: 'cart:5', ...data });
      await client.ask('subscribe', { channel: '$state:cart:5' });
      const [ofStream] = await stream.until('state.snapshot');
      const [ofSocket] = await client.until('state.snapshot');
      assert.equal(ofSocket.d.quantity, 2);
      assert.deepEqual([ofStream.d, ofStream.v], [ofSocket.d, ofSocket.v]);

      const { data } = await commit({ set: { note: transport }, ifVersion: ofSocket.v });
      const { ok, error } = await commit({ set: { quantity: 9, note: '' }, ifVersion: ofSocket.v });
      assert.deepEqual([ok, error.code, error.details.version], [false, 'conflict', data.version]);
      for (const [{ d, v }] of [await stream.until('state.patch'), await client.until('state.patch')])
        assert.deepEqual([d.set, v], [{ note: transport }, data.version]);
    });
  }

  await checks.that('patches of different fields merge', async () => {
    using sender = await owner.sender('sse');
    const sets = [{ a: 1 }, { b: 2 }, { c: 3 }];
    const patches = sets.map((set) => sender.send('realtime.state.patch', { id: 'cart:5', set }));
    for (const reply of await Promise.all(patches)) assert.equal(reply.ok, true);
    const { data } = await sender.send('realtime.state.get', { id: 'cart:5', fields: ['a', 'b', 'c'] });
    assert.deepEqual(data.fields, { a: 1, b: 2, c: 3 });
  });
}
