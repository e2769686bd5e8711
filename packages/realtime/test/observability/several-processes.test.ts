import { memoryBackend } from '../../src/index.js';
import { startApp } from '../support/start-app.js';

const WARNING = /warn WARNING: the memory backend lives in one process.*events, state and sessions/;

describe('the memory backend', () => {
  afterEach(() => {
    delete process.env['NODE_APP_INSTANCE'];
  });

  it('says nothing where it is the only process', async () => {
    await using app = await startApp();
    expect(app.logs.join('\n')).not.toMatch('WARNING');
  });

  it('warns where there are several, as pm2 says', async () => {
    process.env['NODE_APP_INSTANCE'] = '0';
    await using app = await startApp();
    expect(app.logs.join('\n')).toMatch(WARNING);
  });

  it('leaves a backend alone that several may share', async () => {
    process.env['NODE_APP_INSTANCE'] = '1';
    await using app = await startApp({ options: { backend: { ...memoryBackend(), shared: true } } });
    expect(app.logs.join('\n')).not.toMatch('WARNING');
  });
});
