import type { DebugLog } from '../debug-log.js';
import type { Store } from '../observable.js';
import type { ResolvedOptions } from '../options.js';
import type { Link } from '../transports/link.js';
import { Heartbeat } from './heartbeat.js';
import { type Quality, QualityMeter } from './quality.js';
import { TokenRefresh } from './token-refresh.js';

/** What an open link needs to stay open, and to be known for dead: heartbeats, their measurements, fresh tokens. */
export class Upkeep {
  private readonly meter: QualityMeter;
  private readonly heartbeat: Heartbeat;
  private readonly refresh: TokenRefresh;

  constructor(options: ResolvedOptions, quality: Store<Quality>, debug: DebugLog, onDead: () => void) {
    this.meter = new QualityMeter(quality);
    this.refresh = new TokenRefresh(options.token, debug);
    this.heartbeat = new Heartbeat(options, {
      onAnswer: (roundTripMs) => this.meter.answered(roundTripMs),
      onMissed: () => this.meter.missedOne(),
      onDead,
    });
  }

  /** A link is open; `token` is what it was opened with. */
  start(link: Link, token: string | undefined): void {
    this.meter.connected();
    this.heartbeat.start(link);
    this.refresh.start(link, token);
  }

  /** There is none. */
  stop(): void {
    this.meter.lost();
    this.heartbeat.stop();
    this.refresh.stop();
  }

  /** The page was asleep: what looks open may not be. */
  check(): void {
    this.heartbeat.check();
  }

  /** The server says that the token runs out. */
  expiring(): void {
    this.refresh.hurry();
  }
}
