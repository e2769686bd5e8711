/** @jest-environment ./tools/jest-dom-environment.mjs */
import { act } from '@testing-library/react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import {
  RealtimeProvider,
  useChannel,
  useCommand,
  useConnection,
  useRealtimeState,
} from '../../src/react/index.js';
import { FakeClient } from './fake-client.js';

function Page() {
  const { status } = useConnection();
  const orders = useChannel('orders:eu', { 'order.updated': () => undefined });
  const cart = useRealtimeState<{ qty: number }>('cart:1');
  const claim = useCommand('order.claim');
  return <p>{[status, orders.status, cart.value?.qty ?? 'none', claim.status].join(' ')}</p>;
}

function pageOf(client: FakeClient) {
  return <RealtimeProvider client={client.asClient} children={<Page />} />;
}

it('renders on a server, where nobody listens to anything', () => {
  const client = new FakeClient();
  expect(renderToString(pageOf(client))).toBe('<p>disconnected idle none idle</p>');
  expect(client.channel('orders:eu').added).toEqual([]);
  expect(client.state('cart:1').followers).toBe(0);
});

it('is taken over by a client that is connected already, without a mismatch', async () => {
  const container = document.createElement('div');
  container.innerHTML = renderToString(pageOf(new FakeClient()));
  const client = new FakeClient();
  client.connection.set({ status: 'connected', reason: 'opened', attempt: 0, degraded: false });
  client.state('cart:1').snapshots.set({ value: { qty: 2 }, version: 'e-1', pending: 0 });
  const mismatches: unknown[] = [];
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  const root = await act(async () =>
    hydrateRoot(container, pageOf(client), { onRecoverableError: (error) => mismatches.push(error) }),
  );
  expect(container.textContent).toBe('connected idle 2 idle');
  expect(mismatches).toEqual([]);
  act(() => root.unmount());
});
