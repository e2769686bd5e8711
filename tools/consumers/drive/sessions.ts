import assert from 'node:assert/strict';
import type { Checks } from '../checks.js';
import { bearer, request } from './http.js';
import { SocketClient } from './socket-client.js';
import { tokenFor } from './token.js';
import { Visitor } from './visitor.js';

/** `SessionGuard`, with JWTs and with the cookie; the same tokens on both transports. */
export async function driveSessions(url: string, checks: Checks): Promise<void> {
  const forged = tokenFor('1', ['staff'], 'another secret of 32 characters, or more');

  await checks.that('SessionGuard refuses nobody in particular', async () => {
    const { status, body } = await request(url, 'GET', '/account');
    assert.deepEqual([status, body.error.code], [401, 'unauthenticated']);
  });

  await checks.that('SessionGuard refuses a forged token', async () => {
    const { status, body } = await request(url, 'GET', '/account', { headers: bearer(forged) });
    assert.deepEqual([status, body.error.code], [401, 'unauthenticated']);
  });

  await checks.that('SessionGuard lets a token pass, always with the same session', async () => {
    const visitor = new Visitor(url, '42');
    const [first, second] = [
      await visitor.request('GET', '/account'),
      await visitor.request('GET', '/account'),
    ];
    assert.equal(first.body.userId, '42');
    assert.equal(typeof first.body.sid, 'string');
    assert.deepEqual(second.body, first.body);
  });

  await checks.that('@Roles keeps out who has none of them', async () => {
    assert.equal((await new Visitor(url, '42', ['guest']).request('GET', '/account/safe')).status, 403);
    assert.equal((await new Visitor(url, '42', ['staff']).request('GET', '/account/safe')).status, 200);
  });

  await checks.that('signing in sets a cookie, and signing out ends the session', async () => {
    const signedIn = await request(url, 'POST', '/account/sign-in');
    const [cookie = ''] = signedIn.headers.getSetCookie();
    const headers = { cookie: cookie.split(';')[0]! };
    const { body } = await request(url, 'GET', '/account', { headers });
    assert.deepEqual(body, { sid: signedIn.body.sid, userId: '7' });
    assert.equal((await request(url, 'POST', '/account/sign-out', { headers })).status, 204);
    assert.equal((await request(url, 'GET', '/account', { headers })).status, 401);
  });

  await checks.that('a socket with a forged token is refused', async () => {
    using client = new SocketClient(url, { token: forged });
    const [error] = await client.until('connect_error');
    assert.equal(error.data.code, 'unauthenticated');
  });

  await checks.that('a socket and a route know the same session', async () => {
    const visitor = new Visitor(url, '42');
    using client = await visitor.socket();
    const { body } = await visitor.request('GET', '/account');
    assert.equal(client.named('ready')[0].sid, body.sid);
  });
}
