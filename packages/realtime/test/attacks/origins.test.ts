import { Counters } from '../../src/observability/counters.js';
import { resolveOptions } from '../../src/realtime.defaults.js';
import { SocketClient } from '../support/socket-client.js';
import { SseClient } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const PAGE = 'https://app.example.com';
const EVIL = 'https://evil.example.net';

describe.each(['express', 'fastify'] as const)('pages of other sites, on %s', (adapter) => {
  let app: RunningApp;
  let listing: RunningApp;
  let cookie: string;

  beforeAll(async () => {
    app = await startApp({ adapter });
    listing = await startApp({ adapter, options: { origins: [PAGE, /^https:\/\/[a-z]+\.shop\.example$/] } });
    cookie = `realtime_session=${(await app.sessions.create()).secret}`;
  });

  afterAll(() => Promise.all([app.close(), listing.close()]));

  const post = (at: RunningApp, path: string, headers: Record<string, string>) =>
    fetch(`${at.url}/realtime/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ id: 'a', command: 'realtime.heartbeat', channels: ['open:a'] }),
    });

  it.each(['commands', 'tickets'])('cannot send %s with a visitor’s cookie', async (path) => {
    const response = await post(app, path, { cookie, origin: EVIL });

    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 'forbidden' } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect((await post(app, path, { cookie, origin: app.url })).ok).toBe(true);
  });

  it('cannot open a stream or a socket with it either, and each try is counted', async () => {
    const counters = app.nest.get(Counters, { strict: false });
    const before = counters.crossSiteRefused;
    using stream = await SseClient.open(app.url, 'open:a', { headers: { cookie, origin: EVIL } });
    expect(stream.status).toBe(403);
    const refusal = await SocketClient.refused(app.url, { extraHeaders: { cookie, origin: EVIL } });

    expect(refusal).toMatchObject({ code: 'forbidden' });
    expect(counters.crossSiteRefused - before).toBe(2);
  });

  it('may where they are listed, and read the answers', async () => {
    for (const origin of [PAGE, 'https://toys.shop.example']) {
      const response = await post(listing, 'commands', { cookie: 'a=b', origin });
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
      expect(response.headers.get('access-control-allow-credentials')).toBe('true');
      expect(response.headers.get('access-control-expose-headers')).toContain('X-Session-Id');
      expect(response.headers.get('vary')).toContain('Origin');
      using stream = await SseClient.connect(listing.url, 'open:a', { headers: { cookie: 'a=b', origin } });
      expect(stream.headers['access-control-allow-origin']).toBe(origin);
      using _socket = await SocketClient.connect(listing.url, { extraHeaders: { cookie: 'a=b', origin } });
    }
    const handshake = `${listing.url}/socket.io/?EIO=4&transport=polling`;
    const polled = await fetch(handshake, { headers: { origin: PAGE } });
    expect(polled.headers.get('access-control-allow-origin')).toBe(PAGE);
  });

  it.each([EVIL, `${PAGE}.evil.net`, 'https://a.b.shop.example', 'null', 'http://app.example.com'])(
    'are refused where there is a list without them, with and without a cookie: %s',
    async (origin) => {
      const response = await post(listing, 'commands', { origin });
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([403, null]);
      expect(await SocketClient.refused(listing.url, { extraHeaders: { origin } })).toMatchObject({
        code: 'forbidden',
      });
    },
  );

  it('have their preflights answered where they are listed, and nowhere else', async () => {
    const preflight = (origin: string, path: string) =>
      fetch(`${listing.url}/realtime/${path}`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'PATCH' },
      });
    for (const path of ['commands', 'tickets', 'sse', 'state/cart:1']) {
      const { status, headers } = await preflight(PAGE, path);
      expect([status, headers.get('access-control-allow-methods')]).toEqual([204, 'GET, POST, PATCH']);
      for (const name of ['If-Match', 'If-None-Match'])
        expect(headers.get('access-control-allow-headers')).toMatch(new RegExp(`(^|, )${name}(,|$)`));
      expect((await preflight(EVIL, path)).headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('are given answers that nothing keeps, guesses, or frames', async () => {
    const answers = [await post(app, 'commands', {}), await post(app, 'commands', { cookie, origin: EVIL })];
    for (const { headers } of answers) {
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
      });
    }
  });
});

describe('a list of origins', () => {
  it.each<[unknown, string]>([
    ['*', '"*"'],
    [['*'], '"*"'],
    [[/.*/], '/.*/'],
    [['https://app.example.com/'], 'https://app.example.com/'],
    [['app.example.com'], 'app.example.com'],
  ])('is refused at start-up where it lets everybody in, or fits nobody: %s', (origins, shown) => {
    expect(() => resolveOptions({ origins: origins as string[] })).toThrow(shown);
  });
});
