/** @jest-environment ./tools/jest-dom-environment.mjs */
import { jest } from '@jest/globals';
import { act, cleanup, render, screen } from '@testing-library/react';
import { startTransition, Suspense, use, useState } from 'react';
import {
  RealtimeProvider,
  useChannel,
  useCommand,
  useConnection,
  useRealtimeState,
  type CommandView,
  type ConnectionView,
  type RealtimeStateView,
} from '../../src/react/index.js';
import { RealtimeError } from '../../src/index.js';
import { FakeClient } from './fake-client.js';
import { renderWith } from './render.js';

let client: FakeClient;

beforeEach(() => {
  client = new FakeClient();
});

afterEach(cleanup);

describe('RealtimeProvider', () => {
  it('is named by the hook that misses it', () => {
    const silence = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(() => render(<Status />)).toThrow('There is no <RealtimeProvider>');
    silence.mockRestore();
  });

  it('gives another client to what is below it when it gets one', () => {
    const other = new FakeClient();
    other.quality.set('good');
    const view = render(<RealtimeProvider client={client.asClient} children={<Status />} />);
    expect(screen.getByRole('status').textContent).toBe('disconnected offline 0');
    view.rerender(<RealtimeProvider client={other.asClient} children={<Status />} />);
    expect(screen.getByRole('status').textContent).toBe('disconnected good 0');
  });
});

describe('useConnection', () => {
  it('shows state, quality and what is queued, as they change', () => {
    renderWith(client.asClient, <Status />);
    act(() => {
      client.connection.set({ status: 'connected', reason: 'opened', attempt: 0, degraded: false });
      client.quality.set('excellent');
      client.queued.set(3);
    });
    expect(screen.getByRole('status').textContent).toBe('connected excellent 3');
  });

  it('is the same object until something changes', () => {
    const seen: ConnectionView[] = [];
    const Probe = () => {
      seen.push(useConnection());
      return null;
    };
    const view = render(<RealtimeProvider client={client.asClient} children={<Probe />} />);
    view.rerender(<RealtimeProvider client={client.asClient} children={<Probe />} />);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
  });
});

describe('useChannel', () => {
  const Orders = ({ name = 'orders:eu', onOrder }: { name?: string; onOrder: (data: unknown) => void }) => {
    const { status } = useChannel(name, { 'order.updated': (data) => onOrder(data) });
    return <output>{status}</output>;
  };

  it('hears events while it is mounted, once each in strict mode, and leaves nothing behind', () => {
    const heard: unknown[] = [];
    const view = renderWith(client.asClient, <Orders onOrder={(data) => heard.push(data)} />);
    const channel = client.channel('orders:eu');
    act(() => channel.tell('order.updated', 1));
    expect(heard).toEqual([1]);
    expect(channel.heard).toEqual(['order.updated']);
    view.unmount();
    expect(channel.heard).toEqual([]);
  });

  it('calls the listener of the last render, without subscribing anew', () => {
    const heard: string[] = [];
    const App = ({ tag }: { tag: string }) => <Orders onOrder={() => heard.push(tag)} />;
    const wrap = (tag: string) => <RealtimeProvider client={client.asClient} children={<App tag={tag} />} />;
    const view = render(wrap('first'));
    view.rerender(wrap('second'));
    const channel = client.channel('orders:eu');
    act(() => channel.tell('order.updated', 1));
    expect(heard).toEqual(['second']);
    expect(channel.added).toEqual(['order.updated']);
  });

  it('moves to another channel with its name', () => {
    const wrap = (name: string) => (
      <RealtimeProvider
        client={client.asClient}
        children={<Orders name={name} onOrder={() => undefined} />}
      />
    );
    const view = render(wrap('orders:eu'));
    view.rerender(wrap('orders:us'));
    expect(client.channel('orders:eu').heard).toEqual([]);
    expect(client.channel('orders:us').heard).toEqual(['order.updated']);
  });

  it('hears what the channel says of itself, every event by *, and shows its state', () => {
    const heard: unknown[] = [];
    const Probe = () => {
      const { status } = useChannel('orders:eu', {
        gap: ({ reason }) => heard.push(reason),
        '*': ({ event }) => heard.push(event),
      });
      return <output>{status}</output>;
    };
    renderWith(client.asClient, <Probe />);
    const channel = client.channel('orders:eu');
    act(() => {
      channel.state.set({ status: 'subscribed' });
      channel.tell('gap', { channel: 'orders:eu', reason: 'expired' });
      channel.tell('*', { event: 'order.updated' });
    });
    expect(screen.getByRole('status').textContent).toBe('subscribed');
    expect(heard).toEqual(['expired', 'order.updated']);
  });

  it('subscribes to nothing for a render that React gives up', async () => {
    const heard: string[] = [];
    const never = new Promise<void>(() => undefined);
    let show: (suspends: boolean) => void = () => undefined;
    const Suspending = ({ tag }: { tag: string }) => {
      useChannel('orders:eu', { 'order.updated': () => heard.push(tag) });
      if (tag === 'given up') use(never);
      return null;
    };
    const App = () => {
      const [suspends, setSuspends] = useState(false);
      show = setSuspends;
      return <Suspending tag={suspends ? 'given up' : 'kept'} />;
    };
    renderWith(client.asClient, <Suspense children={<App />} />);
    await act(async () => startTransition(() => show(true)));
    act(() => client.channel('orders:eu').tell('order.updated', 1));
    expect(heard).toEqual(['kept']);
  });
});

describe('useRealtimeState', () => {
  interface Cart {
    qty: number;
  }
  let view: RealtimeStateView<Cart>;
  const CartView = ({ id = 'cart:1' }: { id?: string }) => {
    view = useRealtimeState<Cart>(id);
    return <output>{view.value?.qty ?? 'not yet'}</output>;
  };

  it('follows the document while it is mounted, and shows each change', () => {
    const rendered = renderWith(client.asClient, <CartView />);
    const document = client.state('cart:1');
    expect(screen.getByRole('status').textContent).toBe('not yet');
    expect(document.followers).toBe(1);
    act(() => document.snapshots.set({ value: { qty: 2 }, version: 'e-1', pending: 1 }));
    expect(screen.getByRole('status').textContent).toBe('2');
    expect(view).toMatchObject({ version: 'e-1', pending: 1 });
    rendered.unmount();
    expect(document.followers).toBe(0);
  });

  it('sets and updates by functions that stay the same', async () => {
    renderWith(client.asClient, <CartView />);
    const { set, update } = view;
    const document = client.state('cart:1');
    act(() => document.snapshots.set({ value: { qty: 2 }, version: 'e-1', pending: 0 }));
    expect(view.set).toBe(set);
    expect(view.update).toBe(update);
    const recipe = (cart: Cart): void => void (cart.qty += 1);
    await expect(set({ qty: 3 })).resolves.toEqual({ version: 'e-1' });
    await update(recipe);
    expect(document.sets).toEqual([{ qty: 3 }]);
    expect(document.recipes).toEqual([recipe]);
  });

  it('never shows two versions in one picture, whatever changes while React renders', async () => {
    const document = client.state('cart:1');
    document.snapshots.set({ value: { qty: 1 }, version: 'e-1', pending: 0 });
    const pictures = new Set<string>();
    const Slow = () => {
      const { value } = useRealtimeState<Cart>('cart:1');
      const end = performance.now() + 6;
      while (performance.now() < end);
      return <i>{value!.qty}</i>;
    };
    let show: (isShown: boolean) => void = () => undefined;
    const App = () => {
      const [isShown, setIsShown] = useState(false);
      show = setIsShown;
      return isShown ? [1, 2, 3, 4, 5, 6].map((key) => <Slow key={key} />) : null;
    };
    const { container } = render(<RealtimeProvider client={client.asClient} children={<App />} />);
    const observer = new window.MutationObserver(() => pictures.add(container.textContent));
    observer.observe(container, { childList: true, subtree: true, characterData: true });
    await act(async () => {
      startTransition(() => show(true));
      // React renders in slices of some 5 ms; these changes come between two of them.
      for (const qty of [2, 3]) {
        await new Promise((resolve) => setImmediate(resolve));
        document.snapshots.set({ value: { qty }, version: `e-${qty}`, pending: 0 });
      }
    });
    observer.disconnect();
    expect(container.textContent).toBe('333333');
    for (const picture of pictures) expect(picture).toMatch(/^(.)\1*$/);
  });
});

describe('useCommand', () => {
  let view: CommandView<{ id: string }, { owner: string }>;
  const Claim = () => {
    view = useCommand('order.claim', { timeoutMs: 500 });
    return <output>{view.status}</output>;
  };

  it('shows what becomes of a command', async () => {
    renderWith(client.asClient, <Claim />);
    act(() => view.run({ id: '7' }));
    expect(view.status).toBe('pending');
    expect(client.calls).toMatchObject([
      { name: 'order.claim', data: { id: '7' }, options: { timeoutMs: 500 } },
    ]);
    await act(async () => client.calls[0]!.resolve({ owner: 'ada' }));
    expect(view).toMatchObject({ status: 'success', data: { owner: 'ada' }, error: undefined });
  });

  it('shows an error, which whoever waits gets too', async () => {
    const error = new RealtimeError('forbidden', 'not yours');
    renderWith(client.asClient, <Claim />);
    act(() => view.run({ id: '7' }));
    await act(async () => client.calls[0]!.reject(error));
    expect(view).toMatchObject({ status: 'error', error });
    let caught: unknown;
    act(() => void view.runAsync({ id: '8' }).catch((reason: unknown) => (caught = reason)));
    await act(async () => client.calls[1]!.reject(error));
    expect(caught).toBe(error);
  });

  it('shows the last run, whichever answer comes last', async () => {
    renderWith(client.asClient, <Claim />);
    act(() => view.run({ id: '1' }));
    act(() => view.run({ id: '2' }));
    await act(async () => client.calls[1]!.resolve({ owner: 'second' }));
    await act(async () => client.calls[0]!.resolve({ owner: 'first' }));
    expect(view.data).toEqual({ owner: 'second' });
    act(() => view.reset());
    expect(view).toMatchObject({ status: 'idle', data: undefined });
  });

  it('goes on when the component has gone', async () => {
    const rendered = renderWith(client.asClient, <Claim />);
    let answer: Promise<unknown> | undefined;
    act(() => void (answer = view.runAsync({ id: '7' })));
    rendered.unmount();
    client.calls[0]!.resolve({ owner: 'ada' });
    await expect(answer).resolves.toEqual({ owner: 'ada' });
  });
});

function Status() {
  const { status, quality, queued } = useConnection();
  return (
    <output>
      {status} {quality} {queued}
    </output>
  );
}
