/** @jest-environment ./tools/jest-dom-environment.mjs */
import { waitFor } from '@nestwire/harness';
import { act, cleanup, screen } from '@testing-library/react';
import { startTransition, useState } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import type { RealtimeClient } from '../../src/index.js';
import {
  RealtimeProvider,
  useChannel,
  useCommand,
  useConnection,
  useRealtimeState,
} from '../../src/react/index.js';
import { World } from '../support/world.js';
import { renderWith } from './render.js';

interface Counter {
  n: number;
}

function News({ name, heard }: { name: string; heard: unknown[] }) {
  const { status } = useChannel(name, { said: (data) => void heard.push(data) });
  return <p role="status">{`${name} ${status}`}</p>;
}

function CounterOf({ id }: { id: string }) {
  const { value, pending, update } = useRealtimeState<Counter>(id);
  const add = () =>
    void update((draft) => {
      draft.n = (draft.n ?? 0) + 1;
    });
  return <button onClick={add}>{`${value?.n ?? 'none'} ${pending}`}</button>;
}

function Note() {
  const { status, data, run } = useCommand<string, { data: string }>('note');
  return <button onClick={() => run('hi')}>{`${status} ${data?.data ?? ''}`}</button>;
}

function Connected() {
  const { status } = useConnection();
  return <i>{status}</i>;
}

const shows = (text: string) => waitFor(() => screen.queryByText(text) !== null);

const text = (id: string) => document.querySelector(id)?.textContent;

describe.each(['websocket', 'sse'] as const)('hooks over a real client and server, over %s', (transport) => {
  let world: World;
  let client: RealtimeClient;

  beforeAll(async () => {
    // React works as it does in a page: what comes over the network is no part of an act.
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
    world = await World.start();
  });

  beforeEach(() => {
    client = world.client({ transport, token: 'ann' });
  });

  afterEach(async () => {
    cleanup();
    await act(() => world.closeClients());
    world.ran.list.length = 0;
  });

  afterAll(() => world[Symbol.asyncDispose]());

  const starts = (channel: string) =>
    client.debug.entries().filter(({ area, message }) => area === 'channel' && message === channel).length;

  it('a component that strict mode mounts twice is subscribed once, and hears each event once', async () => {
    const heard: unknown[] = [];
    renderWith(client, <News name="open:strict" heard={heard} />);
    await shows('open:strict subscribed');
    await world.realtime.publish('open:strict', 'said', 1);
    await waitFor(() => heard.length > 0);
    expect({ heard, starts: starts('open:strict') }).toEqual({ heard: [1], starts: 1 });
  });

  it('a component that goes and comes back in one breath keeps its subscription; one that stays away ends it', async () => {
    const heard: unknown[] = [];
    const view = renderWith(client, <News key="a" name="open:mounted" heard={heard} />);
    await shows('open:mounted subscribed');
    const wrap = (children: React.ReactNode) => (
      <RealtimeProvider client={client}>{children}</RealtimeProvider>
    );
    view.rerender(wrap(<News key="b" name="open:mounted" heard={heard} />));
    await world.realtime.publish('open:mounted', 'said', 1);
    await waitFor(() => heard.length > 0);
    expect({ heard, starts: starts('open:mounted') }).toEqual({ heard: [1], starts: 1 });
    view.rerender(wrap(null));
    await waitFor(() => client.channel('open:mounted').state.value.status === 'idle');
    await world.realtime.publish('open:mounted', 'said', 2);
    view.rerender(wrap(<News key="c" name="open:mounted" heard={heard} />));
    await shows('open:mounted subscribed');
    await world.realtime.publish('open:mounted', 'said', 3);
    await waitFor(() => heard.length > 1);
    expect(heard).toEqual([1, 3]);
  });

  it('a component that moves to another channel in a transition hears the new one alone', async () => {
    const heard: unknown[] = [];
    let move: (name: string) => void = () => undefined;
    function Moving() {
      const [name, setName] = useState('open:from');
      move = (next) => startTransition(() => setName(next));
      return <News name={name} heard={heard} />;
    }
    renderWith(client, <Moving />);
    await shows('open:from subscribed');
    await act(async () => move('open:to'));
    await shows('open:to subscribed');
    await waitFor(() => client.channel('open:from').state.value.status === 'idle');
    await world.realtime.publish('open:from', 'said', 'left');
    await world.realtime.publish('open:to', 'said', 'new');
    await waitFor(() => heard.length > 0);
    expect(heard).toEqual(['new']);
  });

  it('a document shows a change at once, what others commit, and comes back over a cut network', async () => {
    const id = `doc:react-${transport}`;
    renderWith(client, <CounterOf id={id} />);
    await shows('none 0');
    await client.state(id).ready();
    act(() => screen.getByRole('button').click());
    expect(screen.getByRole('button').textContent).toBe('1 1');
    await shows('1 0');
    await world.state.patch(id, { n: 5 });
    await shows('5 0');
    world.proxy.cut();
    act(() => screen.getByRole('button').click());
    expect(screen.getByRole('button').textContent).toBe('6 1');
    await shows('6 0');
    expect((await world.state.get(id))?.fields).toEqual({ n: 6 });
  });

  it('a command shows its answer, and runs once in strict mode', async () => {
    renderWith(client, <Note />);
    act(() => screen.getByRole('button').click());
    await shows('success hi');
    expect(world.ran.list).toEqual(['hi']);
  });

  it('a page that a server has rendered is taken over without a mismatch, and connects then alone', async () => {
    const page = (its: RealtimeClient, heard: unknown[]) => (
      <RealtimeProvider client={its}>
        <Connected />
        <News name="open:page" heard={heard} />
        <CounterOf id="doc:page" />
      </RealtimeProvider>
    );
    const onServer = world.client({ transport });
    const container = document.createElement('div');
    document.body.append(container);
    container.innerHTML = renderToString(page(onServer, []));
    expect(onServer.connection.value.reason).toBe('idle');
    expect(text('i')).toBe('disconnected');

    await client.state('doc:page').set({ n: 1 });
    const mismatches: unknown[] = [];
    const heard: unknown[] = [];
    const root = await act(async () =>
      hydrateRoot(container, page(client, heard), { onRecoverableError: (error) => mismatches.push(error) }),
    );
    await shows('open:page subscribed');
    await shows('1 0');
    await world.realtime.publish('open:page', 'said', 1);
    await waitFor(() => heard.length > 0);
    expect({ mismatches, heard, connected: text('i') }).toEqual({
      mismatches: [],
      heard: [1],
      connected: 'connected',
    });
    act(() => root.unmount());
    container.remove();
    await waitFor(() => client.channel('open:page').state.value.status === 'idle');
  });
});
