import 'fake-indexeddb/auto';
import { waitFor } from '@nestwire/harness';
import { World } from './support/world.js';

describe('a queue in IndexedDB', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  it('outlives the page: what waits is sent in order by the next, and once', async () => {
    const queue = { storage: 'indexeddb', name: 'ann' } as const;
    const page = world.client({ token: 'ann', queue });
    page.connect();
    page.disconnect();
    const left = [1, 2, 3].map((n) => page.command('note', n));
    left.push(page.state<{ n: number }>('doc:stored').set({ n: 1 }));
    for (const promise of left) promise.catch(() => undefined);
    const entries = async () => {
      const { createStore, keys } = await import('idb-keyval');
      return (await keys(createStore('ann', 'queue'))).length;
    };
    await waitFor(async () => (await entries()) === 4);
    await page.close();
    expect(world.ran.list).toEqual([]);

    const next = world.client({ token: 'ann', queue });
    await waitFor(() => world.ran.list.length === 3);
    await waitFor(async () => (await world.state.get('doc:stored'))?.version !== undefined);
    await waitFor(async () => (await entries()) === 0);
    expect(world.ran.list).toEqual([1, 2, 3]);
    expect(next.queued.value).toBe(0);
  });

  it('stays in order over pages that add to it before they have read it', async () => {
    const queue = { storage: 'indexeddb', name: 'order' } as const;
    const { createStore, keys } = await import('idb-keyval');
    const entries = async () => (await keys(createStore('order', 'queue'))).length;
    world.ran.list.length = 0;
    for (const left of [
      [1, 2, 3],
      [4, 5],
    ]) {
      const page = world.client({ token: 'order', queue });
      page.connect();
      page.disconnect();
      for (const n of left) page.command('note', n).catch(() => undefined);
      await waitFor(async () => (await entries()) === left.at(-1));
      await page.close();
    }
    world.client({ token: 'order', queue });
    await waitFor(async () => (await entries()) === 0);
    expect(world.ran.list).toEqual([1, 2, 3, 4, 5]);
  });

  it('is kept for several pages at once: what each has left is sent', async () => {
    const queue = { storage: 'indexeddb', name: 'pages' } as const;
    const { createStore, keys } = await import('idb-keyval');
    const pages = [1, 2].map(() => world.client({ token: 'pages', queue }));
    world.ran.list.length = 0;
    const left = pages.map((page, i) => {
      page.connect();
      page.disconnect();
      return page.command('note', i);
    });
    for (const promise of left) promise.catch(() => undefined);
    const entries = async () => (await keys(createStore('pages', 'queue'))).length;
    await waitFor(async () => (await entries()) === 2);
    await Promise.all(pages.map((page) => page.close()));

    world.client({ token: 'pages', queue });
    await waitFor(async () => (await entries()) === 0);
    expect(new Set(world.ran.list)).toEqual(new Set([0, 1]));
    expect(world.ran.list).toHaveLength(2);
  });
});
