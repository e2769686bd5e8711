import type { ServerResponse } from 'node:http';
import {
  type CloseNotice,
  CONTROL_EVENTS,
  type Expiring,
  type GapReason,
  type Ready,
  SSE_CONTROL_PREFIX,
} from '@nestwire/protocol';
import type { Batch } from '../../channels/batch.js';
import { LOW_WATER, type Outlet } from '../../channels/outlet.js';
import { CURSOR_BLOCK, type SseEncoder, sseEvent } from './sse-encoder.js';
import { cursorLine } from './sse-frame.js';
import { StreamBody } from './stream-body.js';
import { StreamPosition } from './stream-position.js';

/** A client that does not read the last word loses its socket after so long, in milliseconds. */
const END_TIMEOUT_MS = 1_000;

/** Nobody waits, most of the time: one list for all. */
const NONE: readonly (() => void)[] = [];

/** Writes a connection's events to its HTTP response. */
export class SseOutlet implements Outlet {
  /** Where the stream is. */
  position = new StreamPosition([]);
  private readonly body: StreamBody;
  private written = 0;
  private ended = false;
  private waiting: readonly (() => void)[] = NONE;

  constructor(
    private readonly response: ServerResponse,
    private readonly encoder: SseEncoder,
    /** Writes the status and the headers; called before anything else is written, even if that is the last word already. */
    private writeHead: (() => void) | undefined,
  ) {
    this.body = new StreamBody(response);
  }

  /** To be called when the client has gone. */
  onClose(): void {
    this.finish();
  }

  ready(retryMs: number, ready: Ready): void {
    this.writeText(`retry: ${retryMs}\n${control(CONTROL_EVENTS.ready, ready)}${CURSOR_BLOCK}`, true);
  }

  write(batch: Batch): void {
    if (this.ended) return;
    const buffers = batch.frame(this.encoder).endedBy(this.position.cursorAfter(batch.chunks));
    this.begin();
    this.body.write(buffers);
    for (const { length } of buffers) this.written += length;
  }

  gap({ channel, reason }: { channel: string; reason: GapReason }): void {
    this.writeText(control(CONTROL_EVENTS.gap, { channel, reason }) + CURSOR_BLOCK, true);
  }

  replayStart(channel: string, count: number): void {
    this.writeText(control(CONTROL_EVENTS.replayStart, { channel, count }) + CURSOR_BLOCK, true);
  }

  replayEnd(channel: string): void {
    this.writeText(control(CONTROL_EVENTS.replayEnd, { channel }) + CURSOR_BLOCK, true);
  }

  /** Says that the stream lives; not to one that has yet to read what was written before. */
  keepAlive(): void {
    if (this.body.queuedBytes === 0) this.writeText(': keep-alive\n\n');
  }

  tell(event: 'degraded' | 'healed'): void {
    this.writeText(control(event, {}));
  }

  /** One that is still being opened is not told: it may yet be refused, and `ready` comes first. */
  expiring(notice: Expiring): void {
    if (this.hasHead) this.writeText(control(CONTROL_EVENTS.expiring, notice));
  }

  drain(retryAfterMs: number): void {
    this.writeText(`retry: ${retryAfterMs}\n${control(CONTROL_EVENTS.drain, { retryAfterMs })}`);
  }

  queuedBytes(): number {
    return this.ended ? 0 : this.body.queuedBytes;
  }

  sentBytes(): number {
    return this.written - this.body.queuedBytes;
  }

  drained(): Promise<void> {
    if (this.ended || this.body.queuedBytes < LOW_WATER) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting = this.waiting.concat(resolve);
      if (this.waiting.length === 1) this.body.onDrain(() => this.wake());
    });
  }

  close(notice: CloseNotice): Promise<void> {
    this.writeText(control(CONTROL_EVENTS.close, notice));
    this.response.end();
    this.finish();
    const { socket } = this.response;
    const timer = setTimeout(() => socket?.destroy(), END_TIMEOUT_MS);
    return new Promise((resolve) => {
      this.response.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  terminate(): void {
    this.finish();
    this.response.destroy();
  }

  private writeText(text: string, withCursor = false): void {
    if (this.ended) return;
    this.begin();
    const full = withCursor ? text + cursorLine(this.position.cursor()) : text;
    this.body.writeText(full);
    this.written += full.length;
  }

  private get hasHead(): boolean {
    return this.writeHead === undefined;
  }

  private begin(): void {
    this.writeHead?.();
    this.writeHead = undefined;
  }

  private finish(): void {
    this.ended = true;
    this.wake();
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = NONE;
    for (const resolve of waiting) resolve();
  }
}

function control(name: string, data: object): string {
  return sseEvent(SSE_CONTROL_PREFIX + name, JSON.stringify(data));
}
