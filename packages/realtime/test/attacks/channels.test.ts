import { SocketClient } from '../support/socket-client.js';
import { Scene, signed, stream } from './scene.js';

/** Names that look like somebody's, or like a pattern, and are none. */
const TRICKS = [
  'open:*',
  'open:{name}',
  'open:eu:../x',
  'open:../staff:a',
  'open:a/../b',
  'OPEN:a',
  'Open:a',
  'оpen:a',
  'open：a',
  'open:a\u200b',
  'open:a\0',
  'open:a\nb',
  ' open:a',
  'open:',
  'open',
  '*',
  '$*',
  '$state:*',
  '$USER:bob',
  '$user:bob',
  '$session:0123456789012345678901',
  '$role:staff',
  '$user:',
  '$presence:bob',
  '$own',
  '%24user:bob',
  '__proto__',
  'constructor',
];

describe('an attack on channels', () => {
  let scene: Scene;
  let token: string;

  beforeAll(async () => {
    scene = await Scene.set();
    token = await signed('ann');
  });

  afterAll(() => scene[Symbol.asyncDispose]());

  it.each(TRICKS)('%j opens nothing, over either transport', async (channel) => {
    using client = await SocketClient.connect(scene.url, { auth: { token } });
    const answer = await client.subscribe(channel);
    expect(['forbidden', 'bad_request']).toContain(answer.ok ? 'let in' : answer.error.code);
    const { code } = (answer as { error: { code: 'forbidden' } }).error;
    await scene.attacked(code, async () => {
      const { error } = (await client.subscribe(channel)) as { error: { code: string } };
      return error.code;
    });
    const refused = await stream(scene.url, channel, { authorization: `Bearer ${token}` });
    expect(['forbidden', 'bad_request']).toContain(refused);
  });

  it('another user’s and another session’s channel bring nothing to who has asked for them', async () => {
    using bob = await SocketClient.connect(scene.url, { auth: { token: await signed('bob') } });
    using ann = await SocketClient.connect(scene.url, { auth: { token } });
    const { sid } = bob.ready;
    for (const channel of ['$user:bob', `$session:${sid}`, `$state:session:${sid}`]) {
      await scene.attacked('forbidden', async () => {
        const answer = await ann.subscribe(channel, bob.positions[channel]);
        return answer.ok ? 'let in' : answer.error.code;
      });
    }
    await scene.app.realtime.toUser('bob').publish('secret', 1);
    await scene.app.realtime.toSession(sid!).publish('secret', 2);
    await bob.until(() => bob.envelopes().length === 2);
    await scene.assertPeace();
    expect(ann.envelopes()).toEqual([]);
  });

  it('positions of another’s channels, handed in at the handshake, are passed over', async () => {
    using bob = await SocketClient.connect(scene.url, { auth: { token: await signed('bob') } });
    await scene.app.realtime.toUser('bob').publish('secret', 1);
    using ann = await SocketClient.connect(scene.url, { auth: { token, positions: bob.positions } });
    expect(Object.keys(ann.ready.channels)).not.toContain('$user:bob');
    await scene.assertPeace();
    expect(ann.envelopes()).toEqual([]);
  });
});
