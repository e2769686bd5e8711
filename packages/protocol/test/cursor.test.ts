import fc from 'fast-check';
import {
  channelHash,
  decodeCursor,
  encodePosition,
  joinPositions,
  MAX_CURSOR_LENGTH,
  type Position,
} from '../src/index.js';

const position: fc.Arbitrary<Position> = fc.record({
  epoch: fc.stringMatching(/^[0-9a-f]{16}$/),
  offset: fc.oneof(fc.nat(), fc.integer({ min: 2 ** 31, max: 2 ** 48 - 1 })),
  tag: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});
const channel = fc.stringMatching(/^[A-Za-z0-9._:@/-]{1,200}$/);
/** Positions by channel, as many as a cursor may hold. */
const positions = fc
  .uniqueArray(fc.tuple(channel, position), { selector: ([name]) => channelHash(name), maxLength: 62 })
  .map((entries) => new Map(entries));

function encode(entries: ReadonlyMap<string, Position>): string {
  return joinPositions([...entries].map(([name, at]) => encodePosition(channelHash(name), at)));
}

function byHash(entries: ReadonlyMap<string, Position>): Map<string, Position> {
  return new Map([...entries].map(([name, at]) => [channelHash(name), at]));
}

describe('a position as text', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(channel, position, (name, at) => {
        expect(decodeCursor(encodePosition(channelHash(name), at))).toEqual(
          new Map([[channelHash(name), at]]),
        );
      }),
    );
  });

  it.each<Position>([
    { epoch: '0000000000000000', offset: 0, tag: 0 },
    { epoch: '000000000000000a', offset: 1, tag: 1 },
    { epoch: '8000000000000000', offset: 2 ** 32 - 1, tag: 2 ** 31 },
    { epoch: 'ffffffffffffffff', offset: 2 ** 32, tag: 2 ** 32 - 1 },
    { epoch: '0123456789abcdef', offset: 2 ** 48 - 1, tag: 0x01020304 },
  ])('comes back as it was at the edges: %j', (at) => {
    expect(decodeCursor(encodePosition(channelHash('a'), at))?.get(channelHash('a'))).toEqual(at);
  });

  it('is base64url text of at most 32 bytes, safe in a header and a URL', () => {
    fc.assert(
      fc.property(channel, position, (name, at) => {
        const text = encodePosition(channelHash(name), at);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(Buffer.from(text, 'base64url').length).toBeLessThanOrEqual(32);
      }),
    );
  });

  it('stays what it is from release to release: cursors outlive a deployment', () => {
    const text = encodePosition(channelHash('orders:eu'), {
      epoch: '0123456789abcdef',
      offset: 42,
      tag: 0xdeadbeef,
    });
    expect(text).toBe('JZFeEB8hASNFZ4mrze8AAAAAACrerb7v');
  });
});

describe('a cursor', () => {
  it('holds the positions of many channels', () => {
    fc.assert(
      fc.property(positions, (entries) => {
        expect(decodeCursor(encode(entries))).toEqual(byHash(entries));
      }),
    );
  });

  it('may be joined of cursors', () => {
    fc.assert(
      fc.property(positions, fc.nat(), (entries, cut) => {
        fc.pre(entries.size > 1);
        const each = [...entries];
        const at = 1 + (cut % (each.length - 1));
        const joined = joinPositions([encode(new Map(each.slice(0, at))), encode(new Map(each.slice(at)))]);
        expect(decodeCursor(joined)).toEqual(byHash(entries));
      }),
    );
  });

  it('without positions is the empty text', () => {
    expect(joinPositions([])).toBe('');
    expect(decodeCursor('')).toEqual(new Map());
  });

  it('with a channel twice says what comes last', () => {
    const [first, last] = [1, 2].map((offset) =>
      encodePosition(channelHash('a'), { epoch: '0123456789abcdef', offset, tag: 0 }),
    );
    expect(decodeCursor(joinPositions([first!, last!]))?.get(channelHash('a'))?.offset).toBe(2);
  });

  it('is read up to 2 KB, and not beyond', () => {
    const at = { epoch: '0123456789abcdef', offset: 1, tag: 2 };
    const many = (count: number) =>
      encode(new Map(Array.from({ length: count }, (_, index) => [`channel:${index}`, at])));
    expect(many(62).length).toBeLessThanOrEqual(MAX_CURSOR_LENGTH);
    expect(decodeCursor(many(62))?.size).toBe(62);
    expect(many(63).length).toBeGreaterThan(MAX_CURSOR_LENGTH);
    expect(decodeCursor(many(63))).toBeUndefined();
  });
});

describe('text that is no cursor', () => {
  const valid = encodePosition(channelHash('a'), { epoch: '0123456789abcdef', offset: 1, tag: 2 });

  it.each([
    '.',
    `${valid}.`,
    `.${valid}`,
    `${valid}..${valid}`,
    `${valid},${valid}`,
    ` ${valid}`,
    `${valid}\n`,
    valid.slice(1),
    `${valid}A`,
    valid.replace(/.$/, '='),
    valid.replace(/.$/, '+'),
    valid.replace(/.$/, '/'),
    valid.replace(/.$/, 'é'),
    valid.replace(/.$/, '\u0000'),
    '42',
    'null',
    '{"o":1}',
  ])('%j is not read', (text) => {
    expect(decodeCursor(text)).toBeUndefined();
  });

  it('never throws, and what is read says exactly what it said', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[Aa0_.=+/ -]{0,70}$/),
      fc.stringMatching(/^[A-Za-z0-9_-]{32}$/),
    );
    fc.assert(fc.property(anything, assertReadOrRefused), { numRuns: 1_000 });
  });

  it('never throws, when a cursor was cut, or a character of it was changed', () => {
    const mutated = fc.tuple(
      positions,
      fc.nat(),
      fc.string({ unit: 'binary', maxLength: 2 }),
      fc.nat({ max: 3 }),
    );
    fc.assert(
      fc.property(mutated, ([entries, at, inserted, removed]) => {
        const text = encode(entries);
        const place = at % (text.length + 1);
        assertReadOrRefused(text.slice(0, place) + inserted + text.slice(place + removed));
      }),
    );
  });
});

function assertReadOrRefused(text: string): void {
  const decoded = decodeCursor(text);
  if (decoded === undefined) return;
  const hashes = text.split('.').map((part) => part.slice(0, 8));
  fc.pre(new Set(hashes).size === hashes.length);
  expect(joinPositions([...decoded].map(([hash, at]) => encodePosition(hash, at)))).toBe(text);
}

describe('the hash of a channel', () => {
  it('is 6 bytes as text, always the same', () => {
    fc.assert(
      fc.property(channel, (name) => {
        expect(channelHash(name)).toMatch(/^[A-Za-z0-9_-]{8}$/);
        expect(channelHash(name)).toBe(channelHash(name));
      }),
    );
  });

  it('tells channels apart, ever so like one another', () => {
    const shapes = [
      (n: number) => `user:${n}`,
      (n: number) => `$state:cart:${n}`,
      (n: number) => `${n}/${'a'.repeat(n % 9)}`,
    ];
    for (const shape of shapes) {
      const hashes = new Set(Array.from({ length: 100_000 }, (_, index) => channelHash(shape(index))));
      expect(hashes.size).toBe(100_000);
    }
  });

  it('depends on the order of characters', () => {
    expect(new Set(['abc', 'acb', 'bac', 'bca', 'cab', 'cba'].map(channelHash)).size).toBe(6);
  });
});
