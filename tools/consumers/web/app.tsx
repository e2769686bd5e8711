import type { RealtimeClient } from '@nestwire/client';
import {
  RealtimeProvider,
  useChannel,
  useCommand,
  useConnection,
  useRealtimeState,
} from '@nestwire/client/react';
import { useState } from 'react';

interface Order {
  readonly id: string;
  readonly quantity: number;
}

declare module '@nestwire/client' {
  interface RealtimeEvents {
    'orders:{region}': { 'order.updated': Order };
  }
}

/** A page as a user would write it: every hook, and nothing that is not exported. */
export function App({ client }: { client: RealtimeClient }) {
  return (
    <RealtimeProvider client={client}>
      <Connection />
      <Orders region="web" />
      <Cart />
      <Claim />
    </RealtimeProvider>
  );
}

function Connection() {
  const { status, transport = 'none', quality } = useConnection();
  return (
    <p id="connection">
      {status} over {transport}, {quality}
    </p>
  );
}

function Orders({ region }: { region: string }) {
  const [orders, setOrders] = useState<readonly Order[]>([]);
  const { status } = useChannel(`orders:${region}`, {
    'order.updated': (order) => setOrders((all) => [...all, order]),
  });
  const list = orders.map(({ id, quantity }) => `${id}: ${quantity}`).join(', ');
  return <p id="orders">{`${status} [${list}]`}</p>;
}

function Cart() {
  const { value, pending, update } = useRealtimeState<{ quantity?: number }>('cart:1');
  const addOne = () =>
    void update((cart) => {
      cart.quantity = (cart.quantity ?? 0) + 1;
    });
  return (
    <button id="cart" onClick={addOne}>
      {`${value?.quantity ?? 'none'}, ${pending} pending`}
    </button>
  );
}

function Claim() {
  const { data, error, status, run } = useCommand<object, { by: string }>('order.claim');
  return (
    <button id="claim" onClick={() => run({ id: '7', region: 'web' })}>
      {data?.by ?? error?.code ?? status}
    </button>
  );
}
