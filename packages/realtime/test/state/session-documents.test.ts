import { waitFor } from '@nestwire/harness';
import { RealtimeDocument, sessionDocument } from '../../src/index.js';
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
});
