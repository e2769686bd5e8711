import { waitFor } from '@nestwire/harness';
import type { StateConflict, StateOptions } from '../src/index.js';
import { World } from './support/world.js';

interface Cart {
  qty: number;
  note?: string;
  lines?: string[];
  locked?: boolean;
}

describe.each(['websocket', 'sse'] as const)('state over %s', (transport) => {
  let world: World;
  let ids = 0;

  beforeAll(async () => {
    world = await World.start();
  });

  afterAll(() => world[Symbol.asyncDispose]());

  const open = async (options: StateOptions<Cart> = {}) => {
    const id = `doc:${transport}-${(ids += 1)}`;
    await world.state.patch(id, { qty: 1 });
    const client = world.client({ transport, token: 'ann' });
    const cart = client.state<Cart>(id, options);
    cart.subscribe(() => undefined);
    await cart.ready();
    return { id, client, cart };
  };
  const stored = async (id: string) => (await world.state.get<Partial<Cart>>(id))?.fields;

  it('shows a change at once, and confirms it', async () => {
    const { id, cart } = await open();
    const done = cart.update((draft) => {
      draft.qty += 1;
    });
    expect(cart.getSnapshot()).toMatchObject({ value: { qty: 2 }, pending: 1 });
    const { version } = await done;
    await waitFor(() => cart.version === version && cart.getSnapshot().pending === 0);
    expect(await stored(id)).toEqual({ qty: 2 });
  });

  it('keeps the same snapshot until something changes', async () => {
    const { id, cart } = await open();
    const before = cart.getSnapshot();
    expect(cart.getSnapshot()).toBe(before);
    await world.state.patch(id, { note: 'x' });
    await waitFor(() => cart.value?.note === 'x');
    expect(cart.getSnapshot()).not.toBe(before);
  });

  it('removes a field that is set to undefined', async () => {
    const { id, cart } = await open();
    await cart.set({ note: 'x' });
    await cart.set({ note: undefined });
    expect(await stored(id)).toEqual({ qty: 1 });
  });

  it('works a recipe out again over what others have committed', async () => {
    const { id, client, cart } = await open();
    client.disconnect();
    const done = [
      cart.update((draft) => void (draft.qty += 10)),
      cart.update((draft) => void (draft.qty *= 2)),
    ];
    expect(cart.value).toEqual({ qty: 22 });
    await world.state.patch(id, { qty: 5, note: 'theirs' });
    client.connect();
    await Promise.all(done);
    await waitFor(() => cart.value?.qty === 30);
    expect(await stored(id)).toEqual({ qty: 30, note: 'theirs' });
  });

  it('merges changes of different fields', async () => {
    const { id, client, cart } = await open();
    client.disconnect();
    const done = cart.set({ note: 'mine' });
    await world.state.patch(id, { qty: 7 });
    client.connect();
    await done;
    expect(await stored(id)).toEqual({ qty: 7, note: 'mine' });
  });

  it('takes back a set that meets a conflict, with the conflict in hand', async () => {
    const { id, client, cart } = await open();
    client.disconnect();
    const done = cart.set({ qty: 2 });
    done.catch(() => undefined);
    await world.state.patch(id, { qty: 3 });
    client.connect();
    await expect(done).rejects.toMatchObject({
      code: 'conflict',
      details: { fields: { qty: { value: 3 } } },
    });
    await waitFor(() => cart.value?.qty === 3);
    expect(cart.getSnapshot()).toMatchObject({ pending: 0, error: { code: 'conflict' } });
  });

  it('makes a set again where the handler says mine', async () => {
    const { id, client, cart } = await open({ conflict: 'mine' });
    client.disconnect();
    const done = cart.set({ qty: 2 });
    await world.state.patch(id, { qty: 3 });
    client.connect();
    await done;
    expect(await stored(id)).toEqual({ qty: 2 });
  });

  it('takes back a set whose handler throws, with what was thrown', async () => {
    const { id, client, cart } = await open({
      conflict: () => {
        throw new Error('of the handler');
      },
    });
    client.disconnect();
    const done = cart.set({ qty: 2 });
    done.catch(() => undefined);
    await world.state.patch(id, { qty: 3 });
    client.connect();
    await expect(done).rejects.toThrow('of the handler');
    await waitFor(() => cart.value?.qty === 3 && cart.getSnapshot().pending === 0);
  });

  it('is had as it is now, whenever it is asked for', async () => {
    const id = `doc:${transport}-ready`;
    const document = world.client({ transport, token: 'ann' }).state<Cart>(id);
    for (const qty of [1, 2]) {
      await world.state.patch(id, { qty });
      expect((await document.ready()).value).toEqual({ qty });
    }
  });

  it('merges as a handler says, who is given mine, theirs and the base', async () => {
    const conflicts: StateConflict<Cart>[] = [];
    const { id, client, cart } = await open({
      conflict: (conflict) => {
        conflicts.push(conflict);
        return { qty: Number(conflict.mine.qty) + Number(conflict.theirs.qty) };
      },
    });
    client.disconnect();
    const done = cart.set({ qty: 2 });
    await world.state.patch(id, { qty: 3 });
    client.connect();
    await done;
    expect(await stored(id)).toEqual({ qty: 5 });
    expect(conflicts).toMatchObject([{ mine: { qty: 2 }, theirs: { qty: 3 }, base: { qty: 1 } }]);
  });

  it('takes back what the server refuses', async () => {
    const { cart } = await open();
    const done = cart.set({ locked: true });
    expect(cart.value).toEqual({ qty: 1, locked: true });
    await expect(done).rejects.toMatchObject({ code: 'forbidden' });
    expect(cart.value).toEqual({ qty: 1 });
  });

  it('refuses what is not JSON, and shows nothing of it', async () => {
    const { cart } = await open();
    const bad = { qty: 10n } as unknown as Cart;
    for (const change of [cart.set(bad), cart.update(() => bad)])
      await expect(change).rejects.toMatchObject({ code: 'bad_request', message: 'the data is not JSON' });
    expect(cart.getSnapshot()).toMatchObject({ value: { qty: 1 }, pending: 0 });
  });

  it('commits once where the answer was lost', async () => {
    const { id, cart } = await open();
    world.proxy.hold('replies');
    const done = cart.update((draft) => void (draft.qty += 1));
    await waitFor(async () => (await stored(id))?.qty === 2);
    world.proxy.cut();
    world.proxy.release();
    await done;
    await waitFor(() => cart.getSnapshot().pending === 0);
    expect(await stored(id)).toEqual({ qty: 2 });
    expect(cart.value).toEqual({ qty: 2 });
  });

  it('sends what was set before the document has come', async () => {
    const client = world.client({ transport, token: 'ann' });
    const cart = client.state<Cart>(`doc:${transport}-new`);
    const done = cart.set({ qty: 1 });
    expect(cart.value).toEqual({ qty: 1 });
    await done;
    expect(await stored(`doc:${transport}-new`)).toEqual({ qty: 1 });
  });

  it('says why a document cannot be read', async () => {
    const client = world.client({ transport, token: 'ann' });
    await expect(client.state('nobody:1').ready()).rejects.toMatchObject({ code: 'forbidden' });
    await expect(client.state('nobody:1').set({ a: 1 })).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('makes one of `mine` again until it holds, however many change the field at once', async () => {
    const { id, cart } = await open({ conflict: 'mine' });
    const others = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const other = world.client({ transport, token: 'ann' }).state<Cart>(id, { conflict: 'mine' });
        other.subscribe(() => undefined);
        await other.ready();
        return other;
      }),
    );
    const all = [cart, ...others];
    const versions = await Promise.all(
      all.flatMap((one, i) => [1, 2, 3].map(async (n) => (await one.set({ qty: 10 * i + n })).version)),
    );
    expect(new Set(versions).size).toBe(versions.length);
    const { qty } = (await stored(id))!;
    // The last of somebody's three.
    expect(all.map((_, i) => 10 * i + 3)).toContain(qty);
    await waitFor(() => all.every((one) => one.value?.qty === qty && one.getSnapshot().pending === 0));
  });
});
