import type { Redis } from 'ioredis';

interface Session {
  id: string;
  address: string;
}

/**
 * Sees to it that nothing which was sent over a connection that broke is run after what is tried again over the next one: it may still
 * lie in the buffers of a server that hangs, or on its way. The server is told to close the earlier connection first.
 *
 * A server that does not allow `CLIENT KILL` and `CLIENT INFO` leaves that small chance open.
 */
export class Fence {
  private session: Session | undefined;

  /** Called when a connection is ready, before anything else is sent over it. */
  raise(client: Redis): void {
    // Both the number and the address: another server may have given the number to somebody else.
    if (this.session !== undefined) {
      const { id, address } = this.session;
      client.call('CLIENT', 'KILL', 'ID', id, 'ADDR', address).catch(() => undefined);
      this.session = undefined;
    }
    client.client('INFO').then(
      (info) => (this.session = parseSession(info)),
      () => undefined,
    );
  }
}

function parseSession(info: string): Session | undefined {
  const [, id] = /(?:^|\s)id=(\d+)/.exec(info) ?? [];
  const [, address] = /\saddr=(\S+)/.exec(info) ?? [];
  return id === undefined || address === undefined ? undefined : { id, address };
}
