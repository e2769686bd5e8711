import { SseClient } from '../support/sse-client.js';
import { BIG, MB, SlowApp, USER } from './support/slow-app.js';

describe('clients that read too slowly, or not at all', () => {
  it('are cut once too much waits for them, and come back by their cursor with nothing lost', async () => {
    await using node = await SlowApp.start();
    const { client, queued } = await node.connect('deep:c', { headers: USER });
    using other = (await node.connect('deep:c')).client;
    client.pause();
    let most = 0;
    let count = 0;
    while (node.app.connections.get(client.ready.connection) !== undefined) {
      await node.publish('deep:c', 1, BIG);
      await other.received('deep:c', (count += 1));
      most = Math.max(most, queued());
    }
    client.resume();
    await client.end();

    expect(most).toBeGreaterThan(MB / 2);
    expect(most).toBeLessThan(MB + 300_000);
    expect(client.control('close')).toEqual([]);
    const seen = client.offsets('deep:c');
    const options = { headers: USER, lastEventId: client.cursor! };
    using again = (await node.connect('deep:c', options)).client;
    await again.until(() => again.offsets('deep:c').at(-1) === count, 'the rest');

    expect(again.ready.previous).toEqual({ code: 'slow_consumer' });
    expect(again.ready.channels['deep:c']).toMatchObject({ recovered: true });
    const all = new Set([...seen, ...again.offsets('deep:c')]);
    expect(all.size).toBe(count);
    using third = (await node.connect('deep:c', options)).client;
    expect(third.ready).not.toHaveProperty('previous');
  });

  it('are cut when nothing gets through for the delivery time-out, and are told when they are back', async () => {
    await using node = await SlowApp.start(100);
    const { client, queued } = await node.connect('deep:e', { headers: USER });
    using other = (await node.connect('deep:e')).client;
    client.pause();
    let count = 0;
    await client.until(async () => {
      await node.publish('deep:e', 1, BIG);
      await other.received('deep:e', (count += 1));
      return queued() > 0;
    }, 'bytes to wait');
    await client.until(() => node.app.connections.get(client.ready.connection) === undefined, 'the cut');
    client.resume();
    await client.end();

    const options = { headers: USER, lastEventId: client.cursor! };
    using again = (await node.connect('deep:e', options)).client;
    await again.until(
      () => client.offsets('deep:e').at(-1) === count || again.offsets('deep:e').at(-1) === count,
      'the rest',
    );
    expect(again.ready.previous).toEqual({ code: 'delivery_timeout' });
  });

  it('are told why they were cut by the stream that opens, not by one that is refused', async () => {
    await using node = await SlowApp.start();
    const { client } = await node.connect('deep:g', { headers: USER });
    node.app.connections.get(client.ready.connection)!.close('slow_consumer');
    await client.end();

    using refused = await SseClient.open(node.app.url, 'nobody:a', { headers: USER });
    expect(refused.status).toBe(403);
    using again = (await node.connect('deep:g', { headers: USER })).client;
    expect(again.ready.previous).toEqual({ code: 'slow_consumer' });
  });
});
