import fc from 'fast-check';
import { decodeVersion, encodeVersion } from '../src/index.js';

const EPOCH = '0123456789abcdef';

describe("a document's version", () => {
  it('comes back as it was', () => {
    const version = fc.record({
      epoch: fc.stringMatching(/^[0-9a-f]{16}$/),
      offset: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    });
    fc.assert(
      fc.property(version, (each) => {
        expect(decodeVersion(encodeVersion(each))).toEqual(each);
      }),
    );
  });

  it('says the epoch and the offset, and nothing of a tag', () => {
    const position = { epoch: EPOCH, offset: 7, tag: 1 };
    expect(encodeVersion(position)).toBe(`${EPOCH}-7`);
    expect(decodeVersion(`${EPOCH}-7`)).toEqual({ epoch: EPOCH, offset: 7 });
  });

  it.each([
    '',
    '-',
    EPOCH,
    `${EPOCH}-`,
    '-7',
    `${EPOCH}-07`,
    `${EPOCH}-+7`,
    `${EPOCH}--7`,
    `${EPOCH}-7-`,
    `${EPOCH}-7-7`,
    `${EPOCH}-7.0`,
    `${EPOCH}-7e1`,
    `${EPOCH}-0x7`,
    `${EPOCH}-7 `,
    `${EPOCH}-7\n`,
    ` ${EPOCH}-7`,
    `${EPOCH}-٧`,
    `${EPOCH}-9999999999999999`,
    `${EPOCH.toUpperCase()}-7`,
    `${EPOCH}0-7`,
    `${EPOCH.slice(1)}-7`,
    `"${EPOCH}-7"`,
    '*',
  ])('%j is none', (text) => {
    expect(decodeVersion(text)).toBeUndefined();
  });

  it('never throws, and what is read says exactly what it said', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9a-f]{16}-[0-9]{1,20}$/));
    fc.assert(
      fc.property(anything, (text) => {
        const version = decodeVersion(text);
        expect(version === undefined ? text : encodeVersion(version)).toBe(text);
      }),
    );
  });
});
