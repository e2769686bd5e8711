import { randomUUID } from 'node:crypto';
import { request } from './http.js';
import type { Data } from './inbox.js';
import { SocketClient, type SocketOptions } from './socket-client.js';

export const TRANSPORTS = ['sse', 'socket.io'] as const;

export type Transport = (typeof TRANSPORTS)[number];

/** Sends commands as a client of one transport does; resolves to their replies. */
export interface Sender extends Disposable {
  send(command: string, data: unknown, id?: string): Promise<Data>;
}

export async function openSender(
  transport: Transport,
  url: string,
  headers: SocketOptions['headers'],
): Promise<Sender> {
  if (transport === 'sse') {
    const send: Sender['send'] = async (command, data, id = randomUUID()) =>
      (await request(url, 'POST', '/realtime/commands', { body: { id, command, data }, headers })).body;
    return { send, [Symbol.dispose]: () => {} };
  }
  const client = new SocketClient(url, { headers });
  await client.until('ready');
  return {
    send: (command, data, id = randomUUID()) => client.ask('command', { id, command, data }),
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}
