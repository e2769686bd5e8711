import { waitFor } from '@nestwire/harness';
import { World } from './support/world.js';

describe.each(['websocket', 'sse'] as const)('over %s', (transport) => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('channels, commands, state', async () => {
    const client = world.client({ transport, token: 'ann' });
    const seen: unknown[] = [];
    const channel = client.channel('open:a');
    channel.on('said', (data) => seen.push(data));
    try {
      await waitFor(() => channel.state.value.status === 'subscribed');
      await world.realtime.publish('open:a', 'said', 1);
      await waitFor(() => seen.length === 1);
      expect(await client.command('note', { a: 1 })).toMatchObject({ data: { a: 1 } });
      await expect(client.command('refuse')).rejects.toMatchObject({
        code: 'forbidden',
        details: { why: 'because' },
      });
      const doc = client.state<{ qty: number; note?: string }>('doc:1');
      doc.subscribe(() => undefined);
      await doc.ready();
      const done = doc.set({ qty: 1 });
      await Promise.resolve();
      expect(doc.value).toEqual({ qty: 1 });
      await done;
      await doc.update((draft) => {
        draft.qty += 1;
      });
      await world.state.patch('doc:1', { note: 'x' });
      await waitFor(() => doc.value?.note === 'x');
      await doc.update((draft) => {
        draft.qty += 1;
        draft.note = 'y';
      });
      expect((await world.state.get('doc:1'))?.fields).toEqual({ qty: 3, note: 'y' });
      await waitFor(() => doc.getSnapshot().pending === 0);
    } catch (error) {
      console.log(JSON.stringify(client.debug.entries(), null, 1), client.connection.value);
      throw error;
    }
  });
});
