import { bearer, knownTokens } from '../support/known-tokens.js';
import { SseClient, type StreamOptions } from '../support/sse-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

describe.each(['express', 'fastify'] as const)('what is refused, with %s', (adapter) => {
  let app: RunningApp;

  beforeAll(async () => {
    const authenticate = knownTokens({ user: { userId: '42' }, staff: { userId: '1', roles: ['staff'] } });
    app = await startApp({ adapter, options: { authenticate } });
  });

  afterAll(() => app.close());

  async function refused(channels: string | string[], options?: StreamOptions) {
    using client = await SseClient.open(app.url, channels, options);
    const { error } = await client.body();
    expect(client.headers['content-type']).toBe('application/json; charset=utf-8');
    return { status: client.status, ...error };
  }

  it('takes 32 channels, and no more', async () => {
    const names = Array.from({ length: 33 }, (_, i) => `open:${i}`);
    using client = await SseClient.connect(app.url, names.slice(1));

    expect(Object.keys(client.ready.channels)).toHaveLength(32);
    expect(await refused(names)).toMatchObject({ status: 414, code: 'too_large' });
  });

  it('takes no URL and cursor of more than 6 KB together', async () => {
    const pad = (length: number) => ({ query: { pad: 'x'.repeat(length) }, lastEventId: 'A'.repeat(2000) });
    using client = await SseClient.connect(app.url, 'open:a', pad(4_000));

    expect(client.status).toBe(200);
    expect(await refused('open:a', pad(4_200))).toMatchObject({ status: 414, code: 'too_large' });
  });

  it('lets nobody in whose URL has no room for the cursor to come back with', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `open:${'x'.repeat(170)}${i}`);

    expect(await refused(names)).toMatchObject({ status: 414, code: 'too_large' });
    using client = await SseClient.connect(app.url, names.slice(2));
    using again = await SseClient.connect(app.url, names.slice(2), { lastEventId: client.cursor! });
    expect(Object.values(again.ready.channels)).toEqual(
      names.slice(2).map(() => ({ recovered: true, replay: 0 })),
    );
  });

  it('says for each channel why it is closed, and opens the others', async () => {
    const channels = ['open:a', 'staff:a', 'nobody:a', 'has space', 'a'.repeat(201), '$user:42', '$other:1'];
    using client = await SseClient.connect(app.url, channels);

    const { 'open:a': open, ...closed } = client.ready.channels;
    expect(open).toEqual({ replay: 0 });
    const codes = Object.values(closed).map((outcome) => 'error' in outcome && outcome.error.code);
    expect(codes).toEqual([
      'forbidden',
      'forbidden',
      'bad_request',
      'bad_request',
      'forbidden',
      'bad_request',
    ]);
    expect(closed['staff:a']).toEqual({
      error: { code: 'forbidden', message: 'staff:a is not open to you', temporary: false },
    });
    expect(client.cursor!.split('.')).toHaveLength(1);
  });

  it.each(['$user:1', '$session:abc', '$role:staff'])('never opens %s to whoever asks', async (channel) => {
    expect(await refused(channel, { headers: bearer('user') })).toMatchObject({
      status: 403,
      code: 'forbidden',
    });
  });

  it('answers 403 only where none of the channels opened', async () => {
    const { status, code, details } = await refused(['staff:a', 'nobody:a'], { headers: bearer('user') });

    expect({ status, code }).toEqual({ status: 403, code: 'forbidden' });
    expect(details).toMatchObject({
      channels: { 'staff:a': { code: 'forbidden' }, 'nobody:a': { code: 'forbidden' } },
    });
    using client = await SseClient.connect(app.url, ['staff:a', 'nobody:a'], { headers: bearer('staff') });
    expect(client.status).toBe(200);
  });

  it('answers 400 where nothing is asked for that has a name', async () => {
    expect(await refused([])).toMatchObject({ status: 400, code: 'bad_request' });
    expect(await refused(['has space', '$other:1'])).toMatchObject({ status: 400, code: 'bad_request' });
  });

  it('answers 401 to a token that is none', async () => {
    expect(await refused('open:a', { headers: bearer('forged') })).toMatchObject({
      status: 401,
      code: 'unauthenticated',
    });
  });

  it('answers 401 to a session that never was', async () => {
    const headers = { 'x-session-id': 'x'.repeat(43) };

    expect(await refused('open:a', { headers })).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it('leaves nothing behind', async () => {
    await app.idle();
    expect(app.hub.size).toBe(0);
  });
});
