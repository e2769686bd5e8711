import { type Clock, SYSTEM_CLOCK } from '../clock.js';

/** What has arrived counts for at least so long, and at most twice, in milliseconds: then a clock that was set back is followed. */
const WINDOW_MS = 60_000;

/**
 * What time it is by the backend's clock, as the entries tell that arrive: at least as late as the latest of them. By its own clock a node
 * that is ahead would take live events for expired. Until something has arrived there is nothing else to go by.
 */
export class BackendClock {
  private lead = -Infinity;
  private earlierLead = -Infinity;
  private begun = -Infinity;

  /** `own` is the node's. */
  constructor(private readonly own: Clock = SYSTEM_CLOCK) {}

  /** Something has arrived that was published then. */
  observe(time: number): void {
    const now = this.own.monotonic();
    if (now - this.begun > WINDOW_MS) {
      this.earlierLead = now - this.begun > 2 * WINDOW_MS ? -Infinity : this.lead;
      this.lead = -Infinity;
      this.begun = now;
    }
    this.lead = Math.max(this.lead, time - now);
  }

  /** Milliseconds since 1970. */
  now(): number {
    const lead = Math.max(this.lead, this.earlierLead);
    return lead === -Infinity ? this.own.now() : lead + this.own.monotonic();
  }
}
