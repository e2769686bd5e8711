import { HttpException, HttpStatus, Injectable } from '@nestjs/common';
import type { Session } from '@nestwire/realtime';

/** So many writes in so many milliseconds, per visitor. */
const WRITES = 40;
const WINDOW_MS = 10_000;

/** Keeps what one visitor writes at a modest rate, by whatever way it comes. */
@Injectable()
export class RateLimit {
  private counts = new Map<string, number>();
  private endsAt = 0;

  /** Counts one write; false where it is one too many. */
  take({ sid }: Session): boolean {
    if (Date.now() >= this.endsAt) {
      this.counts = new Map();
      this.endsAt = Date.now() + WINDOW_MS;
    }
    const count = (this.counts.get(sid) ?? 0) + 1;
    this.counts.set(sid, count);
    return count <= WRITES;
  }

  /** @throws HttpException 429 where it is one too many; to a command that is `rate_limited`. */
  assert(session: Session): void {
    if (this.take(session)) return;
    throw new HttpException('Too many changes at once; wait a moment', HttpStatus.TOO_MANY_REQUESTS);
  }

  /** Milliseconds until writes count anew. */
  get retryAfterMs(): number {
    return Math.max(0, this.endsAt - Date.now());
  }
}
