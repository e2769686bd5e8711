import { type Clock, memoryBackend } from '@nestwire/realtime';
import type { ConformanceTarget } from '../src/index.js';

/** The backend sweeps by an interval, which has to follow its clock. */
const STEP_MS = 10_000;

/** A fresh backend in memory on a clock that stands still unless it is moved. For tests with fake intervals. */
export function memoryTarget(): ConformanceTarget {
  let elapsed = 0;
  const now = () => 1_790_000_000_000 + elapsed;
  const clock: Clock = { now, monotonic: () => 1_000_000 + elapsed };
  return {
    backend: memoryBackend(clock),
    now,
    patienceMs: 50,
    advance(ms) {
      for (let left = ms; left > 0; left -= STEP_MS) {
        elapsed += Math.min(left, STEP_MS);
        import.meta.jest.advanceTimersByTime(Math.min(left, STEP_MS));
      }
    },
  };
}

/** Leaves everything real but `setInterval`. */
export function fakeIntervals(): void {
  import.meta.jest.useFakeTimers({
    doNotFake: [
      'Date',
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setTimeout',
      'clearTimeout',
    ],
  });
}
