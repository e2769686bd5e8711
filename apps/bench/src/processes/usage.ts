import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used since it was started. */
export interface Usage {
  /** Time on a CPU, in user and system mode, in seconds. */
  readonly cpu: number;
  /** System calls that write. */
  readonly writes: number;
}

/**
 * Reads /proc, so it works on Linux only. The time is the scheduler's own, in nanoseconds, of all threads that live
 * (`/proc/PID/stat` counts in hundredths of a second, which is all that Redis uses in a short run).
 */
export function usageOf(pid: number): Usage {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.reduce((sum, thread) => sum + runTimeOf(pid, thread), 0);
  const writes = /^syscw: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'));
  return { cpu: nanoseconds / 1e9, writes: Number(writes?.[1]) };
}

/** The first field of a thread's `schedstat`; 0 for one that has ended meanwhile. */
function runTimeOf(pid: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}

/** The sum of what several processes have used from one reading to another. */
export function usedBetween(before: readonly Usage[], after: readonly Usage[]): Usage {
  return {
    cpu: after.reduce((sum, { cpu }, index) => sum + cpu - before[index]!.cpu, 0),
    writes: after.reduce((sum, { writes }, index) => sum + writes - before[index]!.writes, 0),
  };
}
