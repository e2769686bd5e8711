import { besiege } from './hostile-clients.js';

describe('hostile clients, a few of them', () => {
  it('get a proper answer to everything, over both transports', async () => {
    const { improper, logs } = await besiege(1_000);
    expect(improper).toEqual([]);
    expect(logs).toEqual([]);
  }, 60_000);
});
