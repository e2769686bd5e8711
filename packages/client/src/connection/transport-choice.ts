import type { RealtimeClientOptions } from '../options.js';
import type { TransportName } from '../transports/transport-name.js';

/** A WebSocket that has worked before is given another try before it is taken for blocked: servers restart. */
const TRIES_WHERE_IT_WORKED = 2;
/** The wait before WebSocket is tried again doubles up to so many times the first. */
const MAX_UPGRADE_FACTOR = 10;

/** Which transport to open next: with `auto` WebSocket, and SSE once that is taken for blocked. */
export class TransportChoice {
  private failures = 0;
  private hasWorked = false;
  private factor = 1;

  constructor(
    private readonly options: Required<Pick<RealtimeClientOptions, 'transport' | 'upgradeAfterMs'>>,
  ) {}

  next(): TransportName {
    const { transport } = this.options;
    if (transport !== 'auto') return transport;
    return this.failures >= (this.hasWorked ? TRIES_WHERE_IT_WORKED : 1) ? 'sse' : 'websocket';
  }

  opened(name: TransportName): void {
    if (name === 'sse') return;
    this.failures = 0;
    this.hasWorked = true;
    this.factor = 1;
  }

  /** The transport could not be opened. Where SSE cannot be either, WebSocket is not what is wrong. */
  failed(name: TransportName): void {
    this.failures = name === 'sse' ? 0 : this.failures + 1;
  }

  /** How long to stay on SSE before WebSocket is tried again, in milliseconds; undefined: for good. */
  upgradeDelayMs(): number | undefined {
    if (this.options.transport !== 'auto') return undefined;
    const delayMs = this.options.upgradeAfterMs * this.factor;
    this.factor = Math.min(MAX_UPGRADE_FACTOR, this.factor * 2);
    return delayMs;
  }
}
