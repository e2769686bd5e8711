import type { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from './socket-io.types.js';
import { sizeOf, WebSocketInternals } from './websocket-internals.js';

/** What Engine.IO does not type of its transports; a version that lacks a part of it only frees memory later. */
interface Transport extends EventEmitter {
  /** Of WebSocket: the socket of `ws`. */
  readonly socket?: Pick<EventEmitter, 'once'> & { terminate?: () => void };
  /** Of long polling: the response to the poll that is being answered. */
  readonly res?: ServerResponse | null;
  /** Of long polling that is to be closed with its next poll: closes it now. */
  readonly shouldClose?: (() => void) | null;
}

/** Empty ones for all: a WebSocket needs none of these but while somebody waits for it. */
const NONE: readonly (() => void)[] = [];
const NO_RESPONSES: ReadonlySet<ServerResponse> = new Set();

/**
 * What waits to be read from an Engine.IO connection, the packets of the application's own namespaces included. A WebSocket is asked;
 * on long polling, and on a WebSocket that is not known, it is counted.
 */
export class EngineTraffic {
  private webSocket: WebSocketInternals | undefined;
  /** Bytes in Engine.IO's buffer. */
  private pending = 0;
  /** Bytes that its transport has taken and not yet written. */
  private inFlight = 0;
  private written = 0;
  /** Responses to polls, which count as written at once, although they may not be read. */
  private unread = NO_RESPONSES;
  private waiting = NONE;
  private undo = NONE;

  constructor(private readonly engine: Socket['conn']) {
    this.follow();
  }

  /** Writes frames to a WebSocket; false where they have to go Engine.IO's way. */
  send(frames: readonly Buffer[]): boolean {
    return this.webSocket?.send(frames) ?? false;
  }

  get queuedBytes(): number {
    return (this.webSocket?.queuedBytes ?? this.pending + this.inFlight) + this.unreadBytes;
  }

  get sentBytes(): number {
    return this.written + (this.webSocket?.sentBytes ?? 0) - this.unreadBytes;
  }

  /** Resolves when less is waiting than before, or nobody counts any more. */
  moved(): Promise<void> {
    if (this.webSocket !== undefined && this.waiting.length === 0) this.watch(this.webSocket);
    return new Promise((resolve) => {
      this.waiting = this.waiting.concat(resolve);
    });
  }

  /** Resolves when the transport has ended: its socket, where it has one of its own, outlives Engine.IO's word for it. */
  async end(): Promise<void> {
    const { transport } = this;
    const { socket = this.engine } = transport;
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    // Where client and server close a long polling at once, its timer would keep the process for another 30 s.
    transport.shouldClose?.();
  }

  /** Ends it now. Only this frees what a client that has stopped reading has left in its socket. */
  cut(): void {
    const { transport } = this;
    transport.socket?.terminate?.();
    for (const response of this.unread) response.destroy();
    this.engine.close(true);
    transport.shouldClose?.();
  }

  /** Stops counting. A client may join and leave our namespace any number of times on one connection. */
  stop(): void {
    this.unlisten();
    this.wake();
  }

  private get transport(): Transport {
    return this.engine.transport;
  }

  private get unreadBytes(): number {
    let bytes = 0;
    for (const { writableLength } of this.unread) bytes += writableLength;
    return bytes;
  }

  /** After an upgrade what was counted is in the buffer still, or was written. */
  private follow(): void {
    this.unlisten();
    this.pending = 0;
    this.webSocket = WebSocketInternals.of(this.engine);
    if (this.webSocket === undefined) this.count();
    this.wake();
  }

  private count(): void {
    const { engine, transport } = this;
    this.listen(engine, 'packetCreate', (packet: never) => (this.pending += sizeOf(packet)));
    this.listen(engine, 'flush', () => {
      this.inFlight += this.pending;
      this.pending = 0;
    });
    this.listen(transport, 'drain', () => {
      this.written += this.inFlight;
      this.inFlight = 0;
      this.wake();
    });
    this.listen(transport, 'headers', () => this.hold(transport.res));
    this.listen(engine, 'upgrade', () => this.follow());
  }

  /** Until the next time that something has left it: the socket's own buffer, or Engine.IO's. */
  private watch({ tcp }: WebSocketInternals): void {
    for (const emitter of [tcp, this.transport]) {
      this.listen(emitter, 'drain', () => {
        this.unlisten();
        this.wake();
      });
    }
  }

  private hold(response: ServerResponse | null | undefined): void {
    if (!response || this.unread.has(response)) return;
    this.unread = new Set([...this.unread, response]);
    response.once('close', () => {
      this.unread = new Set([...this.unread].filter((other) => other !== response));
      this.wake();
    });
  }

  private listen(
    emitter: {
      on(event: string, listener: unknown): unknown;
      off(event: string, listener: unknown): unknown;
    },
    event: string,
    listener: (...args: never[]) => void,
  ): void {
    emitter.on(event, listener);
    this.undo = this.undo.concat(() => void emitter.off(event, listener));
  }

  private unlisten(): void {
    const { undo } = this;
    this.undo = NONE;
    for (const step of undo) step();
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = NONE;
    for (const resolve of waiting) resolve();
  }
}
