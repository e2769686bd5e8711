import { WebSocketGateway } from '@nestjs/websockets';
import { SocketClient } from '../support/socket-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

/** Turns it on for the whole server, ours included. */
@WebSocketGateway({ connectionStateRecovery: { maxDisconnectionDuration: 60_000 } })
class RecoveringGateway {}

describe('beside Socket.IO’s own recovery of connections', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ providers: [RecoveringGateway] });
  });

  afterAll(() => app.close());

  it('a client that comes back is greeted anew, and resumes by its position', async () => {
    using client = await SocketClient.connect(app.url);
    await client.follow('open:news');
    await app.realtime.publish('open:news', 'said', 1);
    await client.received('open:news', 1);

    client.io.io.engine.close();
    await client.until(() => client.control('ready').length > 1, 'the second ready');
    expect(client.io.recovered).toBe(false);
    await app.realtime.publish('open:news', 'said', 2);
    await client.follow('open:news', client.position('open:news'));
    await client.received('open:news', 2);

    expect(client.envelopes('open:news').map(({ d }) => d)).toEqual([1, 2]);
    expect(app.connections.all()).toHaveLength(1);
  });

  it('a session that was revoked meanwhile is not let in again', async () => {
    const { session, secret } = await app.sessions.create();
    using client = await SocketClient.connect(app.url, {
      extraHeaders: { 'x-session-id': secret },
      reconnectionDelay: 100,
    });
    await client.follow('open:secrets');

    client.io.io.engine.close();
    await app.idle();
    await app.sessions.revoke(session.sid);
    await client.until(() => !client.io.active, 'the end');

    expect(app.connections.all()).toEqual([]);
    expect(client.control('ready')).toHaveLength(1);
  });
});
