import { BIG, MB, SlowApp } from './support/slow-app.js';

describe('clients that read a long replay slowly', () => {
  it('are sent a long replay at their own pace, with little waiting in the server, while others go on', async () => {
    await using node = await SlowApp.start();
    const first = await node.connect(['deep:a', 'open:live']);
    first.client.destroy();
    await node.publish('deep:a', 300, BIG);
    using other = (await node.connect('open:live')).client;

    const { client, queued } = await node.connect(['deep:a', 'open:live'], {
      lastEventId: first.client.cursor!,
    });
    let most = 0;
    for (let n = 1; client.offsets('deep:a').length < 300; n += 1) {
      client.pause();
      await node.app.realtime.publish('open:live', 'e', n);
      await other.received('open:live', n);
      most = Math.max(most, queued());
      client.resume();
      await client.received('open:live', n, { timeoutMs: 10_000 });
    }

    expect(client.offsets('deep:a')).toEqual(Array.from({ length: 300 }, (_unused, i) => i + 1));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(MB / 2);
    client.destroy();
  });

  it('hold nobody up while they stall in the middle of a replay', async () => {
    await using node = await SlowApp.start();
    const first = await node.connect('deep:b');
    first.client.destroy();
    await node.publish('deep:b', 300, BIG);

    const { client, queued } = await node.connect('deep:b', { lastEventId: first.client.cursor! });
    client.pause();
    await client.until(() => queued() > 0, 'bytes to wait');
    using other = (await node.connect('deep:b')).client;
    await node.publish('deep:b', 50, 1);
    await other.received('deep:b', 50);
    expect(queued()).toBeLessThan(MB / 2);

    client.resume();
    await client.received('deep:b', 350, { timeoutMs: 10_000 });
    expect(client.offsets('deep:b')).toEqual(Array.from({ length: 350 }, (_unused, i) => i + 1));
    expect(client.control('gap')).toEqual([]);
    client.destroy();
  });

  it('are not cut while they read, however slowly', async () => {
    await using node = await SlowApp.start(1_000);
    const first = await node.connect('deep:f');
    first.client.destroy();
    await node.publish('deep:f', 200, BIG);

    const { client } = await node.connect('deep:f', { lastEventId: first.client.cursor! });
    const begun = performance.now();
    while (client.offsets('deep:f').length < 200) {
      client.pause();
      const until = performance.now() + 100;
      await client.until(() => performance.now() > until, 'a rest');
      client.resume();
      const count = client.blocks.length;
      await client.until(() => client.blocks.length > count || client.ended, 'something');
      expect(client.ended).toBe(false);
    }
    expect(performance.now() - begun).toBeGreaterThan(100);
    client.destroy();
  });
});
