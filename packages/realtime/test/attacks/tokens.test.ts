import { generateKeyPair, SignJWT, UnsecuredJWT, exportSPKI } from 'jose';
import { postCommand } from '../support/commands.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { handshake, post, Scene, signed, stream } from './scene.js';

describe('an attack by a token', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await Scene.set();
  });

  afterAll(() => scene[Symbol.asyncDispose]());

  const assertRefused = async (token: string): Promise<void> => {
    const headers = { authorization: `Bearer ${token}` };
    await scene.attacked('unauthenticated', () => handshake(scene.url, { token }));
    await scene.attacked('unauthenticated', () => stream(scene.url, 'open:a', headers));
    await scene.attacked('unauthenticated', () => post(scene.url, '/realtime/commands', headers, {}));
  };

  it('alg none: a token that nobody has signed', async () => {
    await assertRefused(
      new UnsecuredJWT({ roles: ['staff'] }).setSubject('ann').setExpirationTime('1h').encode(),
    );
  });

  it('key confusion: a token signed by another kind of key, or with a public key as its secret', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const claims = new SignJWT({ roles: ['staff'] }).setSubject('ann').setExpirationTime('1h');
    await assertRefused(await claims.setProtectedHeader({ alg: 'ES256' }).sign(privateKey));
    const pem = new TextEncoder().encode(await exportSPKI(publicKey));
    const confused = new SignJWT({ roles: ['staff'] }).setSubject('ann').setExpirationTime('1h');
    await assertRefused(await confused.setProtectedHeader({ alg: 'HS256' }).sign(pem));
  });

  it('a token with another payload under its signature', async () => {
    const [header, , signature] = (await signed('ann')).split('.');
    const payload = Buffer.from('{"sub":"ann","roles":["staff"],"exp":4102444800}').toString('base64url');
    await assertRefused(`${header}.${payload}.${signature}`);
  });

  it('an expired token on a living connection: it is ended, over both transports, and stays away', async () => {
    const token = await signed('ann', {}, Math.floor(Date.now() / 1000) + 2);
    using socket = await SocketClient.connect(scene.url, { auth: { token } });
    using open = await SseClient.connect(scene.url, 'open:a', {
      headers: { authorization: `Bearer ${token}` },
    });
    await socket.until(() => socket.disconnects.length > 0, { timeoutMs: 8_000 });
    await open.until(() => open.ended, { what: 'the end', timeoutMs: 8_000 });
    for (const code of [socket.close, open.control('close')[0]])
      expect(code).toEqual({ code: 'token_expired', reconnect: false });
    expect(await scene.metric('nestwire_connections_closed_total')).toMatchObject({
      'code="token_expired"': 2,
    });
    await scene.assertPeace();
    await assertRefused(token);
  });

  it('a role claimed in the query, the handshake, a header or a command is no role', async () => {
    const token = await signed('ann');
    const claims = { roles: 'staff', role: 'staff', userId: 'boss' };
    const headers = { authorization: `Bearer ${token}`, 'x-roles': 'staff', 'x-user-id': 'boss' };
    await scene.attacked('forbidden', () => stream(scene.url, 'staff:room', headers, claims));
    using client = await SocketClient.connect(scene.url, {
      auth: { token, ...claims, principal: claims },
      query: claims,
      extraHeaders: { 'x-roles': 'staff' },
    });
    await scene.attacked('forbidden', async () => {
      const answer = await client.ask<{ error: { code: string } }>('subscribe', {
        channel: 'staff:room',
        ...claims,
      });
      return answer.error.code;
    });
    const command = {
      id: '1',
      command: 'realtime.publish',
      data: { channel: 'staff:room', event: 'x', data: 1, ...claims },
    };
    await scene.attacked(
      'forbidden',
      async () => (await postCommand(scene.url, { ...command, ...claims }, { token })).body.error!.code,
    );
    expect(Object.keys(client.ready.channels).filter((name) => name.startsWith('$role:'))).toEqual([]);
  });
});
