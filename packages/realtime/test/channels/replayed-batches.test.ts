import { ReplayedBatches } from '../../src/channels/replayed-batches.js';
import type { LogEntry } from '../../src/index.js';

const EPOCH = '0'.repeat(16);
const CHANNEL = { name: 'a', hash: 'aaaaaaaa', versioned: false };

function entriesOf(epoch: string, from: number, to: number): LogEntry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const offset = from + i;
    return { epoch, offset, tag: offset, previousTag: offset - 1, time: 0, event: 'e', data: '1' };
  });
}

const at = (epoch: string, offset: number) => ({ epoch, offset, tag: offset });

describe('what is sent to who comes back', () => {
  const entries = entriesOf(EPOCH, 1, 10);

  it('is the same batch for all who were at the same place, though each has read the log for itself', () => {
    const batches = new ReplayedBatches();
    const first = batches.batchOf(CHANNEL, entries.slice(2), at(EPOCH, 2), true);
    expect(batches.batchOf(CHANNEL, entries.slice(2), at(EPOCH, 2), true)).toBe(first);
    expect(first.chunks[0]).toMatchObject({ from: at(EPOCH, 2), to: at(EPOCH, 10), replayed: true });
  });

  it.each([
    ['from elsewhere', CHANNEL, entries.slice(3), at(EPOCH, 3), true],
    ['up to elsewhere', CHANNEL, entries.slice(2, 9), at(EPOCH, 2), true],
    ['that is no replay', CHANNEL, entries.slice(2), at(EPOCH, 2), false],
    ['of another life of the log', CHANNEL, entriesOf('1'.repeat(16), 3, 10), at('1'.repeat(16), 2), true],
    ['of a log that was written again', CHANNEL, entriesOf(EPOCH, 3, 10), at(EPOCH, 2), true],
    ['of the same channel, followed anew', { ...CHANNEL }, entries.slice(2), at(EPOCH, 2), true],
  ] as const)('is another for what is %s', (_, channel, others, from, isReplay) => {
    const batches = new ReplayedBatches();
    const first = batches.batchOf(CHANNEL, entries.slice(2), at(EPOCH, 2), true);
    const second = batches.batchOf(channel, others, from, isReplay);
    expect(second).not.toBe(first);
    expect(second.chunks[0]!.entries).toEqual(others);
  });

  it('is not kept', () => {
    const batches = new ReplayedBatches();
    const first = batches.batchOf(CHANNEL, entries, at(EPOCH, 0), true);
    batches.clear();
    expect(batches.batchOf(CHANNEL, entries, at(EPOCH, 0), true)).not.toBe(first);
  });
});
