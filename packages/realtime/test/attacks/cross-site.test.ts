import { SseClient } from '../support/sse-client.js';
import { handshake, post, Scene } from './scene.js';

const EVIL = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
const COMMAND = { id: '1', command: 'realtime.heartbeat' };

describe('an attack from a page of another site, with the visitor’s cookie', () => {
  let scene: Scene;
  let cookie: { cookie: string };

  beforeAll(async () => {
    scene = await Scene.set();
    cookie = { cookie: `realtime_session=${(await scene.app.sessions.create()).secret}` };
  });

  afterAll(() => scene[Symbol.asyncDispose]());

  it('a WebSocket', () =>
    scene.attacked('forbidden', () => handshake(scene.url, {}, { ...EVIL, ...cookie })));

  it('a forged command', () =>
    scene.attacked('forbidden', () =>
      post(scene.url, '/realtime/commands', { ...EVIL, ...cookie }, COMMAND),
    ));

  it('a forged ticket', () =>
    scene.attacked('forbidden', () =>
      post(scene.url, '/realtime/tickets', { ...EVIL, ...cookie }, { channels: ['open:a'] }),
    ));

  it('an EventSource with credentials: the page is not let read it', async () => {
    using client = await SseClient.open(scene.url, 'open:a', { headers: { ...EVIL, ...cookie } });
    expect(client.headers).not.toHaveProperty('access-control-allow-origin');
    await scene.assertPeace();
  });
});
