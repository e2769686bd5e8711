import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { ServerOptions } from 'socket.io';
import { RealtimeIoAdapter } from '../../src/index.js';
import { SocketClient } from '../support/socket-client.js';
import { startApp } from '../support/start-app.js';

class LoudAdapter extends RealtimeIoAdapter {
  override createIOServer(port: number, options?: Partial<ServerOptions>) {
    return super.createIOServer(port, { ...options, pingInterval: 1_234 });
  }
}

const use =
  (adapter: (nest: INestApplication) => IoAdapter) =>
  (nest: INestApplication): unknown =>
    nest.useWebSocketAdapter(adapter(nest));

describe('a WebSocket adapter of the application’s own', () => {
  it('that does not extend ours keeps the application from starting, and the error says why', async () => {
    await expect(startApp({ prepare: use((nest) => new IoAdapter(nest)) })).rejects.toThrow(
      'it must extend RealtimeIoAdapter of @nestwire/realtime',
    );
  });

  it('that extends ours works, with its own settings', async () => {
    await using app = await startApp({ prepare: use((nest) => new LoudAdapter(nest)) });
    using client = await SocketClient.connect(app.url);
    await client.follow('open:room');
    await app.realtime.publish('open:room', 'said', 1);
    await client.received('open:room', 1);

    const handshake = await (await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`)).text();
    expect(JSON.parse(handshake.slice(1))).toMatchObject({ pingInterval: 1_234, pingTimeout: 10_000 });
  });
});
