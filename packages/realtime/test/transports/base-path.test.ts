import type { RealtimeModule } from '../../src/index.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { startApp } from '../support/start-app.js';

const options: Parameters<typeof RealtimeModule.forRoot>[0] = { basePath: '/live/v1.2' };

describe('a base path of the application’s choice', () => {
  it('is the namespace of Socket.IO and the path of every route', async () => {
    await using app = await startApp({ options });
    using json = await SocketClient.connect(app.url, { namespace: '/live/v1.2' });
    using msgpack = await SocketClient.connect(app.url, {
      namespace: '/live/v1.2',
      auth: { encoding: 'msgpack' },
    });
    using stream = await SseClient.connect(app.url, 'open:room', { path: '/live/v1.2/sse' });
    await Promise.all([json, msgpack].map((client) => client.follow('open:room')));

    await app.realtime.publish('open:room', 'said', 'here');
    await Promise.all([json, msgpack, stream].map((client) => client.received('open:room', 1)));
    const command = { id: 'a', command: 'realtime.heartbeat', connection: stream.ready.connection };
    const response = await fetch(`${app.url}/live/v1.2/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(command),
    });

    expect(await response.json()).toMatchObject({ id: 'a', ok: true });
    expect(stream.events()).toMatchObject([{ event: 'said', d: 'here' }]);
  });

  it('leaves nothing under the default one', async () => {
    await using app = await startApp({ options });
    using client = new SocketClient(app.url);
    const refusal = new Promise<Error>((resolve) => client.io.once('connect_error', resolve));

    expect((await refusal).message).toBe('Invalid namespace');
    expect((await fetch(`${app.url}/realtime/sse?channels=open:room`)).status).toBe(404);
  });
});
