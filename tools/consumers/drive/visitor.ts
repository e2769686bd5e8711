import { EventStream } from './event-stream.js';
import { type Answer, bearer, request, type RequestOptions } from './http.js';
import { openSender, type Sender, type Transport } from './sender.js';
import { SocketClient } from './socket-client.js';
import { tokenFor } from './token.js';

/** Somebody with a token who uses the application, over HTTP and both transports. */
export class Visitor {
  private readonly token: string;

  constructor(
    private readonly url: string,
    userId: string,
    roles: readonly string[] = [],
  ) {
    this.token = tokenFor(userId, roles);
  }

  request(method: string, path: string, { body, headers }: RequestOptions = {}): Promise<Answer> {
    return request(this.url, method, path, { body, headers: { ...bearer(this.token), ...headers } });
  }

  stream(...channels: string[]): EventStream {
    return new EventStream(this.url, channels, this.token);
  }

  /** A socket that is there. */
  async socket(): Promise<SocketClient> {
    const client = new SocketClient(this.url, { token: this.token });
    await client.until('ready');
    return client;
  }

  sender(transport: Transport): Promise<Sender> {
    return openSender(transport, this.url, bearer(this.token));
  }
}
