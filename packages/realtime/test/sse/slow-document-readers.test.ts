import { BIG, MB, SlowApp } from './support/slow-app.js';

describe('clients that read a document slowly', () => {
  it('are brought to the latest value of a document instead', async () => {
    await using node = await SlowApp.start();
    const { client, queued } = await node.connect('$state:doc:a');
    await client.received('$state:doc:a', 1);
    client.pause();
    let n = 0;
    let most = 0;
    const patch = async (): Promise<void> => {
      await node.app.state.patch('doc:a', { n: (n += 1), text: `${n}${BIG}` });
      most = Math.max(most, queued());
    };
    await client.until(async () => {
      await patch();
      return queued() > MB;
    }, 'the bound');
    for (let i = 0; i < 100; i += 1) await patch();

    expect(most).toBeLessThan(MB + 300_000);
    client.resume();
    await client.until(() => client.events().at(-1)?.o === n, { what: 'the latest', timeoutMs: 10_000 });
    expect(client.events().length).toBeLessThan(n - 50);
    expect(client.events().at(-1)).toMatchObject({ event: 'state.patch', d: { set: { n } } });
    expect(client.control('gap')).toEqual([]);
    const offsets = client.offsets('$state:doc:a');
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    await node.app.state.patch('doc:a', { after: true });
    await client.until(() => client.events().at(-1)?.o === n + 1, 'live patches again');
    client.destroy();
  });

  it('are given a fresh snapshot where the patches in between are gone', async () => {
    await using node = await SlowApp.start();
    const { client, queued } = await node.connect('$state:short:a');
    await client.received('$state:short:a', 1);
    client.pause();
    let n = 0;
    await client.until(async () => {
      await node.app.state.patch('short:a', { n: (n += 1), text: `${n}${BIG}` });
      return queued() > MB;
    }, 'the bound');
    for (let i = 0; i < 20; i += 1) await node.app.state.patch('short:a', { n: (n += 1) });
    client.resume();
    await client.until(() => client.events().at(-1)?.o === n, { what: 'the latest', timeoutMs: 10_000 });

    expect(client.control('gap')).toEqual([{ channel: '$state:short:a', reason: 'expired' }]);
    expect(client.events().at(-1)).toMatchObject({ event: 'state.snapshot', d: { n } });
    client.destroy();
  });

  it('are not cut for a large snapshot that is still on its way', async () => {
    await using node = await SlowApp.start();
    for (let i = 0; i < 60; i += 1)
      await node.app.state.patch('doc:large', { [`field${i}`]: 'x'.repeat(200_000) });

    const { client } = await stoppedInSnapshot(node);
    await node.publish('deep:d', 20, 1);
    client.resume();
    await client.received('deep:d', 20, { timeoutMs: 10_000 });

    expect(client.events()[0]).toMatchObject({ event: 'state.snapshot' });
    expect(client.offsets('deep:d')).toEqual(Array.from({ length: 20 }, (_unused, i) => i + 1));
    client.destroy();
  });
});

/** A client that stops in the middle of the snapshot. It may have read too much of it before it was told to, and comes anew then. */
async function stoppedInSnapshot(node: SlowApp): ReturnType<SlowApp['connect']> {
  for (let tries = 1; ; tries += 1) {
    const stream = await node.connect(['$state:doc:large', 'deep:d']);
    stream.client.pause();
    try {
      await stream.client.until(() => stream.queued() > MB, {
        what: 'the snapshot to wait',
        timeoutMs: 1_000,
      });
      return stream;
    } catch (error) {
      stream.client.destroy();
      if (tries === 10) throw error;
    }
  }
}
