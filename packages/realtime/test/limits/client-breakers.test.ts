import { waitFor } from '@nestwire/harness';
import { memoryBackend } from '../../src/index.js';
import { ClientBreakers } from '../../src/limits/client-breakers.js';
import { Penalties } from '../../src/limits/penalties.js';
import { Counters } from '../../src/observability/counters.js';
import { resolveOptions } from '../../src/realtime.defaults.js';

describe('a client whose connections fail', () => {
  const backend = memoryBackend();

  function breakers(): { breakers: ClientBreakers; penalties: Penalties; counters: Counters } {
    const options = resolveOptions({ backend, limits: { maxFailedConnections: 3, penaltyMs: 50 } });
    const [penalties, counters] = [new Penalties(backend), new Counters()];
    return { breakers: new ClientBreakers(penalties, counters, options), penalties, counters };
  }

  const admitted = (from: ClientBreakers, key: string) =>
    waitFor(() => from.admit(key), { what: 'the end of the penalty' });

  it('is kept away after so many in a row, and by every node', async () => {
    const { breakers: one, counters } = breakers();
    for (let i = 0; i < 3; i += 1) one.admit('user:a')(false);
    await waitFor(() => counters.penalties.failing === 1);

    expect(() => one.admit('user:a')).toThrow(
      expect.objectContaining({ code: 'rate_limited', temporary: true }),
    );
    expect(() => one.admit('user:b')).not.toThrow();
    await expect(breakers().penalties.assertNone(['user:a'])).rejects.toMatchObject({ code: 'rate_limited' });
  });

  it('is not kept away where one in between goes well', async () => {
    const { breakers: one } = breakers();
    for (const isGood of [false, false, true, false, false]) one.admit('user:c')(isGood);
    await Promise.resolve();

    expect(() => one.admit('user:c')).not.toThrow();
  });

  it('is let in again with one connection on trial, whose end decides', async () => {
    const { breakers: one, counters } = breakers();
    for (let i = 0; i < 3; i += 1) one.admit('user:d')(false);
    await waitFor(() => counters.penalties.failing === 1);
    const settle = await admitted(one, 'user:d');
    expect(() => one.admit('user:d')).toThrow('failed again and again');
    settle(false);
    await waitFor(() => counters.penalties.failing === 2);

    (await admitted(one, 'user:d'))(true);
    await waitFor(() => {
      one.admit('user:d');
      one.admit('user:d');
      return true;
    });
  });
});
