import type { DueId, Schedule } from '../schedule.js';
import type { Clock } from '../../clock.js';

/** {@link Schedule} in this process's memory. */
export class MemorySchedule implements Schedule {
  private readonly times = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  async set(id: string, inMs: number): Promise<void> {
    this.times.set(id, this.clock.monotonic() + inMs);
  }

  async claim(limit: number, claimMs: number): Promise<DueId[]> {
    const now = this.clock.monotonic();
    const due = [...this.times].filter(([, at]) => at <= now).sort(([, a], [, b]) => a - b);
    return due.slice(0, limit).map(([id]) => {
      this.times.set(id, now + claimMs);
      return { id, until: now + claimMs };
    });
  }

  async settle({ id, until }: DueId, inMs: number | null): Promise<void> {
    if (this.times.get(id) !== until) return;
    if (inMs === null) this.times.delete(id);
    else await this.set(id, inMs);
  }
}
