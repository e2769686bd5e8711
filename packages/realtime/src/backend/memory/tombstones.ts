import type { History } from '../event-log.js';
import type { Clock } from '../../clock.js';

/** When the fields of a document were removed, as far back as its history reaches. */
export class Tombstones {
  private readonly removed = new Map<string, { offset: number; at: number }>();

  constructor(private readonly clock: Clock) {}

  add(name: string, offset: number): void {
    this.removed.delete(name);
    this.removed.set(name, { offset, at: this.clock.monotonic() });
  }

  /** The offset of the commit that removed the field, or undefined where that is not known. */
  offsetOf(name: string): number | undefined {
    return this.removed.get(name)?.offset;
  }

  trim({ size, ttlMs }: History): void {
    const oldest = this.clock.monotonic() - ttlMs;
    for (const [name, { at }] of this.removed) {
      if (this.removed.size <= size && at >= oldest) break;
      this.removed.delete(name);
    }
  }

  clear(): void {
    this.removed.clear();
  }
}
