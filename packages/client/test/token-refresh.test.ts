import { jest } from '@jest/globals';
import { TokenRefresh } from '../src/connection/token-refresh.js';
import { DebugLog } from '../src/debug-log.js';
import type { Link } from '../src/transports/link.js';

/** A token that says when it ends. */
function jwt(expiresInMs: number): string {
  const payload = Buffer.from(JSON.stringify({ exp: (Date.now() + expiresInMs) / 1_000 }));
  return `x.${payload.toString('base64url')}.x`;
}

const link = { renew: async () => ({ id: '1', ok: true }) } as unknown as Link;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** How often a token is asked for within these seconds, one after the other. */
async function askedWithin(lifeMs: number, ...seconds: number[]): Promise<number[]> {
  let asked = 0;
  const refresh = new TokenRefresh(() => {
    asked += 1;
    return jwt(lifeMs);
  }, new DebugLog());
  refresh.start(link, jwt(lifeMs));
  const counts: number[] = [];
  for (const each of seconds) {
    asked = 0;
    await jest.advanceTimersByTimeAsync(each * 1_000);
    counts.push(asked);
  }
  refresh.stop();
  return counts;
}

it('a fresh token is got when a fifth of the life of the one before is left', async () => {
  expect(await askedWithin(100_000, 79, 2, 77, 4)).toEqual([0, 1, 0, 1]);
});

it('tokens that look run out when they come, to a clock that is ahead, are got less and less often', async () => {
  expect(await askedWithin(-3_600_000, 70, 600)).toEqual([6, 10]);
});

it('nothing is got after the connection has ended', async () => {
  let asked = 0;
  const refresh = new TokenRefresh(() => {
    asked += 1;
    return jwt(10_000);
  }, new DebugLog());
  refresh.start(link, jwt(10_000));
  refresh.stop();
  refresh.hurry();
  await jest.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(0);
});
