import { type CloseNotice, CONTROL_EVENTS, type Expiring, type GapReason } from '@nestwire/protocol';
import type { Batch } from '../../channels/batch.js';
import { LOW_WATER, type Outlet } from '../../channels/outlet.js';
import { EngineTraffic } from './engine-traffic.js';
import type { PacketEncoder } from './packet-encoder.js';
import type { Socket } from './socket-io.types.js';

/** A client that does not read the last word loses its socket after so long, in milliseconds. */
const END_TIMEOUT_MS = 1_000;

/** Writes a connection's events to its Socket.IO socket, as packets and frames that were encoded once for all. */
export class SocketOutlet implements Outlet {
  private ended = false;
  private readonly engine: Socket['conn'];
  private readonly traffic: EngineTraffic;

  constructor(
    private readonly socket: Socket,
    private readonly encoder: PacketEncoder,
  ) {
    this.engine = socket.conn;
    this.traffic = new EngineTraffic(socket.conn);
  }

  /** To be called when the client has gone. */
  onClose(): void {
    this.finish();
  }

  write(batch: Batch): void {
    if (this.ended) return;
    const { packets, frames } = batch.frame(this.encoder);
    if (this.traffic.send(frames)) return;
    for (const { data, frame } of packets) {
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

  expiring(notice: Expiring): void {
    this.emit(CONTROL_EVENTS.expiring, notice);
  }

  drain(retryAfterMs: number): void {
    this.emit(CONTROL_EVENTS.drain, { retryAfterMs });
  }

  emit(name: string, data: object): void {
    if (!this.ended) this.socket.emit(name, data);
  }

  queuedBytes(): number {
    return this.ended ? 0 : this.traffic.queuedBytes;
  }

  sentBytes(): number {
    return this.traffic.sentBytes;
  }

  async drained(): Promise<void> {
    while (this.queuedBytes() >= LOW_WATER) await this.traffic.moved();
  }

  /** Socket.IO's own `disconnect()` would keep the client away, so one that shall come back has its transport cut. */
  async close(notice: CloseNotice): Promise<void> {
    this.emit(CONTROL_EVENTS.close, notice);
    this.finish();
    const end = this.traffic.end();
    const timer = setTimeout(() => this.traffic.cut(), END_TIMEOUT_MS);
    if (notice.reconnect) this.engine.close();
    else this.socket.disconnect(true);
    await end;
    clearTimeout(timer);
  }

  terminate(): void {
    this.finish();
    this.traffic.cut();
  }

  private finish(): void {
    this.ended = true;
    this.traffic.stop();
  }
}
