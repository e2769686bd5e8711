import { cpus, freemem, totalmem } from 'node:os';

/** One look at the machine. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Percent of all processors that was busy since the last look. */
  readonly cpu: number;
  /** Percent of the memory that is in use. */
  readonly memory: number;
}

/** Measures how busy the machine was between two looks. */
export class LoadMeter {
  private last = times();

  sample(): Sample {
    const now = times();
    const total = now.total - this.last.total;
    const busy = total - (now.idle - this.last.idle);
    this.last = now;
    return {
      at: Date.now(),
      cpu: total > 0 ? percent(busy / total) : 0,
      memory: percent(1 - freemem() / totalmem()),
    };
  }
}

/** Milliseconds of all processors since the machine was started. */
function times(): { idle: number; total: number } {
  const all = cpus().map((cpu) => cpu.times);
  return {
    idle: sum(all.map(({ idle }) => idle)),
    total: sum(all.flatMap((spent) => Object.values(spent))),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function percent(share: number): number {
  return Math.round(Math.min(1, Math.max(0, share)) * 1_000) / 10;
}
