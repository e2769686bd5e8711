import { readFileSync } from 'node:fs';

/** What a process has used since it was started. */
export interface Usage {
  /** User and system time, in seconds. */
  readonly cpu: number;
  /** System calls that write. */
  readonly writes: number;
}

/** Ticks per second in which Linux says how long processes ran: USER_HZ, 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Reads /proc, so it works on Linux only. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name, which may hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  const writes = /^syscw: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'));
  return { cpu: (user + system) / TICKS_PER_SECOND, writes: Number(writes?.[1]) };
}

/** The sum of what several processes have used from one reading to another. */
export function usedBetween(before: readonly Usage[], after: readonly Usage[]): Usage {
  return {
    cpu: after.reduce((sum, { cpu }, index) => sum + cpu - before[index]!.cpu, 0),
    writes: after.reduce((sum, { writes }, index) => sum + writes - before[index]!.writes, 0),
  };
}
