import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { besiege } from './hostile-clients.js';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as typeof globalThis.gc;

/** What a heap may grow by noise: far less than a byte for each byte that was sent. */
const MOST_GROWTH_BYTES = 16 * 1024 * 1024;

describe('a server that is sent a hundred thousand hostile messages over both transports', () => {
  it('answers each properly, stays up, and is no larger afterwards', async () => {
    const { improper, grownBytes, logs } = await besiege(100_000);
    console.log(`the heap grew by ${Math.round(grownBytes / 1024)} KB`);
    expect(improper).toEqual([]);
    expect(logs).toEqual([]);
    expect(grownBytes).toBeLessThan(MOST_GROWTH_BYTES);
  }, 900_000);
});
