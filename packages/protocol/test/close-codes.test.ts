import { CLOSE_CODES } from '../src/index.js';

describe('close codes', () => {
  it('are these, each with its verdict: a new one is a change of the wire', () => {
    expect(CLOSE_CODES).toEqual({
      slow_consumer: { reconnect: true, told: false },
      delivery_timeout: { reconnect: true, told: false },
      stream_expired: { reconnect: true, told: true },
      draining: { reconnect: true, told: true },
      rate_limited: { reconnect: true, told: true },
      failing: { reconnect: true, told: true },
      retry: { reconnect: true, told: true },
      session_revoked: { reconnect: false, told: true },
      session_expired: { reconnect: false, told: true },
      token_expired: { reconnect: false, told: true },
    });
  });

  it('send nobody away for good without a word', () => {
    const silent = Object.values(CLOSE_CODES).filter(({ told }) => !told);
    expect(silent.every(({ reconnect }) => reconnect)).toBe(true);
  });
});
