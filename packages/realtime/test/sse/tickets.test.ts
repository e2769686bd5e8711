import { waitFor } from '@nestwire/harness';
import { bearer, knownTokens } from '../support/known-tokens.js';
import { SseClient } from '../support/sse-client.js';
import { type AdapterName, type RunningApp, startApp } from '../support/start-app.js';

describe.each<AdapterName>(['express', 'fastify'])('tickets, with %s', (adapter) => {
  let app: RunningApp;
  let soon: number;

  beforeAll(async () => {
    const authenticate = {
      authenticate: (request: Parameters<ReturnType<typeof knownTokens>['authenticate']>[0]) =>
        knownTokens({
          a: { userId: '42', roles: ['staff'] },
          gone: { userId: '1' },
          brief: { userId: '7', expiresAt: soon },
        }).authenticate(request),
    };
    app = await startApp({ adapter, options: { authenticate } });
  });

  afterAll(() => app.close());

  async function ask(channels: unknown, headers: Record<string, string> = bearer('a')) {
    const response = await fetch(`${app.url}/realtime/tickets`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ channels }),
    });
    const body = (await response.json()) as { ticket: string; expiresAt: number; error: { code: string } };
    return { status: response.status, headers: response.headers, ...body };
  }

  it('open their channels where neither a cookie nor a header can go', async () => {
    const { status, headers, ticket, expiresAt } = await ask(['staff:a', 'open:a']);
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(expiresAt - Date.now()).toBeGreaterThan(9 * 60_000);
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(10 * 60_000);

    using client = await SseClient.connect(app.url, [], { query: { ticket } });
    await app.realtime.publish('staff:a', 'e', 1);
    await app.realtime.toUser('42').publish('e', 2);
    await client.until(() => client.events().length === 2, 'both');

    expect(Object.keys(client.ready.channels).slice(0, 2)).toEqual(['staff:a', 'open:a']);
    expect(client.ready.sid).toMatch(/^[\w-]{22}$/);
  });

  it('are good for coming back', async () => {
    const { ticket } = await ask(['staff:b']);
    const first = await SseClient.connect(app.url, [], { query: { ticket } });
    first.destroy();
    await app.realtime.publish('staff:b', 'e', 1);

    using client = await SseClient.connect(app.url, [], { query: { ticket }, lastEventId: first.cursor! });
    await client.received('staff:b', 1);

    expect(client.ready.channels['staff:b']).toEqual({ recovered: true, replay: 1 });
  });

  it('open no other channel, not even one that is open to everybody', async () => {
    const { ticket } = await ask(['staff:a', 'open:a']);
    using client = await SseClient.connect(app.url, ['staff:a', 'open:b'], { query: { ticket } });
    using none = await SseClient.open(app.url, ['open:b'], { query: { ticket } });

    expect(client.ready.channels).toMatchObject({
      'staff:a': { replay: 0 },
      'open:b': { error: { code: 'forbidden' } },
    });
    expect(client.ready.channels).not.toHaveProperty('open:a');
    expect(none.status).toBe(403);
  });

  it('are given for what is open to whoever asks, and for nothing else', async () => {
    expect(await ask(['staff:a'], {})).toMatchObject({ status: 403, error: { code: 'forbidden' } });
    expect(await ask(['nobody:a'])).toMatchObject({ status: 403 });
    expect(await ask(['$user:42'])).toMatchObject({ status: 400, error: { code: 'bad_request' } });
    expect(await ask('open:a')).toMatchObject({ status: 400 });
    expect(await ask(Array.from({ length: 33 }, (_, i) => `open:${i}`))).toMatchObject({ status: 413 });
    expect(await ask(['open:a'], bearer('forged'))).toMatchObject({ status: 401 });
  });

  it.each(['forged', '', 'x'.repeat(43)])('are refused where they are none: "%s"', async (ticket) => {
    using client = await SseClient.open(app.url, 'open:a', { query: { ticket } });

    expect(client.status).toBe(401);
    expect(await client.body()).toMatchObject({ error: { code: 'unauthenticated' } });
  });

  it('end with the principal that they were given to', async () => {
    soon = Date.now() + 100;
    const { ticket, expiresAt } = await ask(['open:a'], bearer('brief'));
    expect(expiresAt).toBe(soon);
    await SseClient.connect(app.url, [], { query: { ticket } }).then((client) => client.destroy());

    const status = async (): Promise<number> => {
      using client = await SseClient.open(app.url, [], { query: { ticket } });
      return client.status;
    };
    await waitFor(async () => (await status()) === 401, { what: 'the end of the ticket' });
  });

  it('are worth nothing once their session is revoked', async () => {
    const { ticket } = await ask(['open:a'], bearer('gone'));
    using client = await SseClient.connect(app.url, [], { query: { ticket } });

    await app.sessions.revoke(client.ready.sid!);
    await client.end();
    using again = await SseClient.open(app.url, [], { query: { ticket } });

    expect(client.control('close')).toEqual([{ code: 'session_revoked', reconnect: false }]);
    expect(again.status).toBe(204);
  });

  it('are in no log', async () => {
    const { ticket } = await ask(['open:a']);
    using client = await SseClient.connect(app.url, [], { query: { ticket } });
    using refused = await SseClient.open(app.url, ['open:b'], { query: { ticket } });

    expect([client.status, refused.status]).toEqual([200, 403]);
    expect(app.logs.join('\n')).not.toContain(ticket);
  });
});
