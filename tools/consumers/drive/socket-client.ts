import { io, type Socket } from 'socket.io-client';
import { type Data, Inbox } from './inbox.js';

const ANSWER_TIMEOUT_MS = 5_000;

export interface SocketOptions {
  token?: string;
  headers?: Record<string, string>;
}

/** `socket.io-client` with nothing of ours, on the namespace of the module. */
export class SocketClient extends Inbox implements Disposable {
  /** By channel, to come back with. */
  readonly positions: Record<string, string> = {};
  private readonly socket: Socket;

  constructor(url: string, { token, headers = {} }: SocketOptions = {}) {
    super();
    const auth = token === undefined ? {} : { token };
    this.socket = io(`${url}/realtime`, { auth, extraHeaders: headers, forceNew: true, reconnection: false });
    for (const name of ['ready', 'close', 'connect_error'])
      this.socket.on(name, (data: Data) => this.events.push({ name, data }));
    this.socket.on('events', (envelopes: Data[], positions: Record<string, string>) => {
      for (const envelope of envelopes) this.events.push({ name: envelope.n, data: envelope });
      Object.assign(this.positions, positions);
    });
  }

  ask(event: 'subscribe' | 'command', payload: object): Promise<Data> {
    return this.socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload);
  }

  [Symbol.dispose](): void {
    this.socket.disconnect();
  }
}
