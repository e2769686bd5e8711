import { decodeCursor, RealtimeError } from '@nestwire/protocol';
import fc from 'fast-check';
import { parseCommand } from '../../src/commands/command-parser.js';
import { parseSubscribe } from '../../src/transports/socket-io/subscribe-request.js';

const LIMITS = { maxNesting: 32, maxMessageBytes: 128 * 1024 };
const RUNS = { numRuns: 100_000 };

/** True where the parser has an answer, or refuses with an error that a client may see. */
function isAnswered(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    return error instanceof RealtimeError && error.code !== 'internal';
  }
}

describe('hostile input', () => {
  it('is never more to a cursor than unreadable', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => decodeCursor(text) === undefined || text !== '\0'),
      RUNS,
    );
  });

  it('is answered or refused as a command', () => {
    fc.assert(
      fc.property(fc.anything(), (raw) => isAnswered(() => parseCommand(raw, LIMITS))),
      RUNS,
    );
  });

  it('is answered or refused as a subscription', () => {
    fc.assert(
      fc.property(fc.anything(), (raw) => isAnswered(() => parseSubscribe(raw))),
      RUNS,
    );
  });
});
