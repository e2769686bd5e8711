import { startApp } from '../support/start-app.js';
import { SocketClient } from '../support/socket-client.js';

describe('sessions over plain http', () => {
  const before = process.env['NODE_ENV'];

  afterEach(() => {
    process.env['NODE_ENV'] = before;
  });

  const warnings = async (environment: string, headers: Record<string, string> = {}): Promise<number> => {
    process.env['NODE_ENV'] = environment;
    await using app = await startApp();
    const { secret } = await app.sessions.create();
    const extraHeaders = { cookie: `realtime_session=${secret}`, ...headers };
    for (let n = 0; n < 3; n += 1) (await SocketClient.connect(app.url, { extraHeaders })).io.disconnect();
    (await SocketClient.connect(app.url)).io.disconnect();
    return app.logs.filter((line) => line.includes('plain http')).length;
  };

  it('are warned of once in production', async () => {
    expect(await warnings('production')).toBe(1);
  });

  it.each([
    ['production', { 'x-forwarded-proto': 'https' }],
    ['production', { forwarded: 'for=192.0.2.1;proto=https' }],
    ['development', {}],
  ])('are not in %s with %j', async (environment, headers) => {
    expect(await warnings(environment, headers)).toBe(0);
  });
});
