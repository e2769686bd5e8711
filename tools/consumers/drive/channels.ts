import assert from 'node:assert/strict';
import type { Checks } from '../checks.js';
import { Visitor } from './visitor.js';

/** A route with `@Realtime`, heard over both transports, by clients that are cut and come back to what they missed. */
export async function driveChannels(url: string, checks: Checks): Promise<void> {
  const staff = new Visitor(url, '1', ['staff']);
  const guest = new Visitor(url, '2', ['guest']);
  const update = async (region: string, ...quantities: number[]) => {
    for (const quantity of quantities)
      await staff.request('PATCH', '/orders/9', { body: { region, quantity } });
  };

  await checks.that('the policy refuses a stream', async () => {
    const { status, body } = await guest.request('GET', '/realtime/sse?channels=orders:eu');
    assert.deepEqual([status, body.error.code], [403, 'forbidden']);
  });

  await checks.that('the policy refuses a subscription', async () => {
    using client = await guest.socket();
    const answer = await client.ask('subscribe', { channel: 'orders:eu' });
    assert.deepEqual([answer.ok, answer.error.code], [false, 'forbidden']);
  });

  await checks.that('a route answers, and its result is heard over SSE', async () => {
    using stream = staff.stream('orders:sse');
    const [ready] = await stream.until('realtime.ready');
    assert.deepEqual(ready.channels['orders:sse'], { replay: 0 });
    const { status, body } = await staff.request('PATCH', '/orders/9', {
      body: { region: 'sse', quantity: 1 },
    });
    assert.deepEqual([status, body], [200, { id: '9', region: 'sse', quantity: 1 }]);
    const [{ c, o, d }] = await stream.until('order.updated');
    assert.deepEqual({ c, o, d }, { c: 'orders:sse', o: 1, d: body });
  });

  await checks.that('a stream that was cut comes back to what it missed', async () => {
    using stream = staff.stream('orders:cut');
    await stream.until('realtime.ready');
    await update('cut', 1);
    await stream.until('order.updated');
    await stream.cutDuring(() => update('cut', 2, 3));
    const [, ready] = await stream.until('realtime.ready', 2);
    assert.deepEqual(ready.channels['orders:cut'], { recovered: true, replay: 2 });
    const events = await stream.until('order.updated', 3);
    assert.deepEqual(
      events.map(({ o, r, d }) => [o, r, d.quantity]),
      [
        [1, undefined, 1],
        [2, 1, 2],
        [3, 1, 3],
      ],
    );
    await update('cut', 4);
    assert.equal((await stream.until('order.updated', 4))[3].r, undefined);
  });

  await checks.that('a route’s result is heard over Socket.IO', async () => {
    using client = await staff.socket();
    const answer = await client.ask('subscribe', { channel: 'orders:io' });
    assert.deepEqual([answer.ok, answer.data.replay, typeof answer.data.position], [true, 0, 'string']);
    await update('io', 1);
    const [{ c, o, n, d }] = await client.until('order.updated');
    const order = { id: '9', region: 'io', quantity: 1 };
    assert.deepEqual({ c, o, n, d }, { c: 'orders:io', o: 1, n: 'order.updated', d: order });
  });

  await checks.that('a socket comes back by its position to what it missed', async () => {
    const position = await (async () => {
      using client = await staff.socket();
      await client.ask('subscribe', { channel: 'orders:back' });
      await update('back', 1);
      await client.until('order.updated');
      return client.positions['orders:back'];
    })();
    await update('back', 2, 3);
    using client = await staff.socket();
    const { data } = await client.ask('subscribe', { channel: 'orders:back', position });
    assert.deepEqual([data.recovered, data.replay], [true, 2]);
    const events = await client.until('order.updated', 2);
    assert.deepEqual(
      events.map(({ o, r }) => [o, r]),
      [
        [2, 1],
        [3, 1],
      ],
    );
  });

  await checks.that('a stream goes on as a socket, by its cursor', async () => {
    using stream = staff.stream('orders:change');
    await stream.until('realtime.ready');
    await update('change', 1);
    await stream.until('order.updated');
    const position = stream.cursor;
    await update('change', 2);
    using client = await staff.socket();
    const { data } = await client.ask('subscribe', { channel: 'orders:change', position });
    assert.deepEqual([data.recovered, data.replay], [true, 1]);
    assert.equal((await client.until('order.updated'))[0].o, 2);
  });

  await checks.that('a user is reached on both transports', async () => {
    using stream = guest.stream();
    using client = await guest.socket();
    await stream.until('realtime.ready');
    assert.equal((await guest.request('POST', '/orders/9/invoice')).status, 201);
    for (const { d } of [...(await stream.until('invoice.ready')), ...(await client.until('invoice.ready'))])
      assert.deepEqual(d, { id: '9' });
  });
}
