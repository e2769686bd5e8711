import { waitFor } from '@nestwire/harness';
import { memoryBackend, RealtimeDocument, sessionDocument } from '../../src/index.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { startApp } from '../support/start-app.js';

@RealtimeDocument('session:{any}')
class OwnDocument {}

describe("a session's own document", () => {
  it('is read and patched by the session, and by nobody else', async () => {
    await using app = await startApp();
    const [own, other] = [await app.sessions.create(), await app.sessions.create()];
    const path = `${app.url}/realtime/state/${sessionDocument(own.session.sid)}`;
    const ask = (secret: string, init: RequestInit = {}) =>
      fetch(path, {
        ...init,
        headers: { 'X-Session-Id': secret, 'Content-Type': 'application/merge-patch+json' },
      });
    const change = { method: 'PATCH', body: '{"theme":"dark"}' };
    expect((await ask(own.secret, change)).status).toBe(200);
    expect(await (await ask(own.secret)).json()).toEqual({ theme: 'dark' });
    expect((await ask(other.secret)).status).toBe(403);
    expect((await ask(other.secret, change)).status).toBe(403);
    expect((await fetch(path)).status).toBe(403);
  });

  it('outlives a rotation, and ends when the session is revoked', async () => {
    await using app = await startApp();
    const { session } = await app.sessions.create();
    const id = sessionDocument(session.sid);
    await app.state.patch(id, { theme: 'dark' });
    await app.sessions.rotate(session);
    expect((await app.state.get(id))!.fields).toEqual({ theme: 'dark' });
    await app.sessions.revoke(session.sid);
    await waitFor(async () => (await app.state.get(id)) === undefined, { what: 'the document to end' });
  });

  it('lives as long as the session, though nobody uses it, and no longer', async () => {
    await using app = await startApp({ options: { sessions: { ttlMs: 1_000, maxAgeMs: 60_000 } } });
    const { session } = await app.sessions.create();
    const id = sessionDocument(session.sid);
    await app.state.patch(id, { theme: 'dark' });
    const begin = performance.now();
    await waitFor(
      async () => {
        expect(await app.sessions.touch(session.sid)).toBeDefined();
        return performance.now() - begin > 2_500;
      },
      { what: 'more than twice its time' },
    );
    expect(await app.backend.documents.read(id)).toBeDefined();
    await waitFor(async () => (await app.backend.documents.read(id)) === undefined, { what: 'it to end' });
  });

  it('cannot be opened by a policy of the application', async () => {
    await expect(startApp({ policies: [OwnDocument] })).rejects.toThrow(
      /"session:\{any\}" \(OwnDocument\) fits "session:\{sid\}"/,
    );
  });

  describe('is followed by every connection of the session by itself', () => {
    it('on every node and over both transports: a snapshot, then the patches, to nobody else', async () => {
      const backend = memoryBackend();
      await using here = await startApp({ options: { backend } });
      await using there = await startApp({ options: { backend } });
      const { session, secret } = await here.sessions.create();
      const other = await here.sessions.create();
      const id = sessionDocument(session.sid);
      const channel = `$state:${id}`;
      await here.state.patch(id, { theme: 'dark' });

      const headers = { 'X-Session-Id': secret };
      using socket = await SocketClient.connect(there.url, { extraHeaders: headers });
      using stream = await SseClient.connect(here.url, [], { headers });
      using stranger = await SocketClient.connect(here.url, {
        extraHeaders: { 'X-Session-Id': other.secret },
      });
      await Promise.all([socket.received(channel, 1), stream.received(channel, 1)]);
      await there.state.patch(id, { lines: 3 });
      const heard = await Promise.all([socket.received(channel, 2), stream.received(channel, 2)]);
      await stranger.received(`$state:${sessionDocument(other.session.sid)}`, 1);

      for (const envelopes of heard) {
        expect(envelopes.map(({ d, o }) => ({ d, o }))).toEqual([
          { o: 1, d: { theme: 'dark' } },
          { o: 2, d: { set: { lines: 3 }, del: [] } },
        ]);
      }
      expect(socket.ready.channels[channel]).toEqual({ position: expect.any(String), replay: 0 });
      expect(stream.ready.channels[channel]).toEqual({ replay: 0 });
      expect(stranger.envelopes(channel)).toEqual([]);
    });

    it('which go on where they were, over either transport, though they ask for it too', async () => {
      await using app = await startApp();
      const { session, secret } = await app.sessions.create();
      const id = sessionDocument(session.sid);
      const channel = `$state:${id}`;
      const headers = { 'X-Session-Id': secret };
      const first = await SseClient.connect(app.url, channel, { headers });
      await first.received(channel, 1);
      first.destroy();
      await app.state.patch(id, { theme: 'dark' });

      using stream = await SseClient.connect(app.url, channel, { headers, lastEventId: first.cursor! });
      using socket = await SocketClient.connect(app.url, {
        extraHeaders: headers,
        auth: { positions: { [channel]: first.cursor } },
      });
      for (const client of [stream, socket]) {
        expect(client.ready.channels[channel]).toMatchObject({ recovered: true, replay: 1 });
        expect(await client.received(channel, 1)).toMatchObject([{ d: { set: { theme: 'dark' } }, r: 1 }]);
      }
      await app.state.patch(id, { lines: 3 });
      expect(await stream.received(channel, 2)).toHaveLength(2);
    });

    it('which cannot leave it, and end with the session', async () => {
      await using app = await startApp();
      const { session, secret } = await app.sessions.create();
      const id = sessionDocument(session.sid);
      using socket = await SocketClient.connect(app.url, { extraHeaders: { 'X-Session-Id': secret } });
      await socket.received(`$state:${id}`, 1);

      expect(await socket.unsubscribe(`$state:${id}`)).toMatchObject({ error: { code: 'not_found' } });
      await app.sessions.revoke(session.sid);
      await socket.until(() => socket.disconnects.length > 0, 'the end');
      expect(await app.state.patch(id, { theme: 'dark' })).toMatchObject({ changed: true });
      await app.idle();

      expect(socket.envelopes(`$state:${id}`)).toMatchObject([{ n: 'state.snapshot', d: {} }]);
    });
  });
});
