import { connect } from 'node:net';
import { once } from 'node:events';
import { SocketClient } from '../support/socket-client.js';
import { Scene, signed } from './scene.js';

const INJECTIONS = [
  'a\r\nSet-Cookie: x=1',
  'a\nerror forged line',
  'a\u2028b',
  '\u001b[31mred',
  'data: x\n\nevent: y',
];

describe('an attack by names', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.set();
  });

  afterAll(() => scene[Symbol.asyncDispose]());

  it.each(INJECTIONS)(
    '%j, as the name of a channel, an event or a command, is refused and writes no line of the log',
    async (name) => {
      using client = await SocketClient.connect(scene.url, { auth: { token: await signed('ann') } });
      const lines = scene.app.logs.length;
      await scene.attacked('bad_request', async () => {
        const answer = await client.subscribe(`open:${name}`);
        return answer.ok ? 'let in' : answer.error.code;
      });
      for (const data of [
        { channel: name, event: 'x', data: 1 },
        { channel: 'open:a', event: name, data: 1 },
      ])
        expect(await client.command('realtime.publish', data)).toMatchObject({
          error: { code: 'bad_request' },
        });
      expect(await client.command(name, 1)).toMatchObject({ ok: false });
      expect(await client.command('realtime.heartbeat', 1, name)).toMatchObject({ ok: false });
      for (const line of scene.app.logs.slice(lines)) expect(line).not.toMatch(/\p{Cc}|\u2028/u);
    },
  );

  it('line breaks in a stream’s query come back in no header and no event of their own', async () => {
    const { hostname, port } = new URL(scene.url);
    const socket = connect(Number(port), hostname);
    const channel = encodeURIComponent('open:a\r\nX-Evil: 1\n\nevent: evil\ndata: 1\n\n');
    socket.write(
      `GET /realtime/sse?channels=open:a,${channel} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    let text = '';
    socket.setEncoding('utf8').on('data', (data: string) => (text += data));
    while (!text.includes('realtime.cursor')) await once(socket, 'data');
    socket.destroy();
    expect(text).not.toMatch(/^(X-Evil|event: evil)/m);
    await scene.assertPeace();
  });
});
