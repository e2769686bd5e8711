import { type CloseNotice, CONTROL_EVENTS, type GapReason } from '@nestwire/protocol';
import type { Batch, Encoder } from '../../channels/batch.js';
import type { Outlet } from '../../channels/outlet.js';
import type { EnginePacket } from './packet-encoder.js';
import type { Socket } from './socket-io.types.js';

/** Catching up goes on when less than this is waiting, in bytes. */
const LOW_WATER = 64 * 1024;
/** A client that does not read the last word loses its socket after so long, in milliseconds. */
const END_TIMEOUT_MS = 1_000;

type EngineSocket = Socket['conn'];
/** The transport of `ws`, where it is one; Engine.IO does not type it. */
type EngineTransport = EngineSocket['transport'] & { socket?: { terminate?: () => void } };

/**
 * Writes a connection's events to its Socket.IO socket, as packets and frames that were encoded once for all,
 * and counts what waits in Engine.IO's queue, the application's own packets included.
 */
export class SocketOutlet implements Outlet {
  /** Bytes in Engine.IO's buffer. */
  private pending = 0;
  /** Bytes that its transport has taken and not yet written. */
  private inFlight = 0;
  private sent = 0;
  private ended = false;
  private waiting: (() => void)[] = [];
  private readonly engine: EngineSocket;

  constructor(
    private readonly socket: Socket,
    private readonly encoder: Encoder<readonly EnginePacket[]>,
  ) {
    this.engine = socket.conn;
    this.observe();
    socket.once('disconnect', () => this.finish());
  }

  write(batch: Batch): void {
    if (this.ended) return;
    for (const { data, frame } of batch.frame(this.encoder)) {
      this.engine.write(data, { compress: false, wsPreEncodedFrame: frame } as never);
    }
  }

  gap(gap: { channel: string; reason: GapReason; position: string }): void {
    this.emit(CONTROL_EVENTS.gap, gap);
  }

  /** A replayed envelope says so itself. */
  replayStart(): void {}

  replayEnd(): void {}

  tell(event: 'degraded' | 'healed'): void {
    this.emit(event, {});
  }

  drain(retryAfterMs: number): void {
    this.emit(CONTROL_EVENTS.drain, { retryAfterMs });
  }

  emit(name: string, data: object): void {
    if (!this.ended) this.socket.emit(name, data);
  }

  queuedBytes(): number {
    return this.ended ? 0 : this.pending + this.inFlight;
  }

  sentBytes(): number {
    return this.sent;
  }

  drained(): Promise<void> {
    if (this.queuedBytes() < LOW_WATER) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Socket.IO's own `disconnect()` would keep the client away, so one that shall come back has its transport cut. */
  close(notice: CloseNotice): Promise<void> {
    this.emit(CONTROL_EVENTS.close, notice);
    this.finish();
    const timer = setTimeout(() => this.cut(), END_TIMEOUT_MS);
    return new Promise((resolve) => {
      this.engine.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      if (notice.reconnect) this.engine.close();
      else this.socket.disconnect(true);
    });
  }

  terminate(): void {
    this.finish();
    this.cut();
  }

  /** Only this frees what a client that has stopped reading has left in the socket. */
  private cut(): void {
    (this.engine.transport as EngineTransport).socket?.terminate?.();
    this.engine.close(true);
  }

  private observe(): void {
    this.engine.on(
      'packetCreate',
      ({ data }: { data?: string | Buffer }) => (this.pending += data?.length ?? 0),
    );
    this.engine.on('flush', () => {
      this.inFlight += this.pending;
      this.pending = 0;
    });
    const written = (): void => this.onWritten();
    const follow = (): unknown => this.engine.transport.on('drain', written);
    follow();
    this.engine.on('upgrade', follow);
  }

  private onWritten(): void {
    this.sent += this.inFlight;
    this.inFlight = 0;
    this.wake();
  }

  private finish(): void {
    this.ended = true;
    this.wake();
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
