// oxlint-disable no-underscore-dangle -- the names are those of ws
import type { EventEmitter } from 'node:events';
import type { Socket as TcpSocket } from 'node:net';
import type { Socket } from './socket-io.types.js';

/** `readyState` of an open WebSocket. */
const OPEN = 1;

/** A packet that waits in Engine.IO. */
interface WaitingPacket {
  readonly data?: string | Buffer;
  readonly options?: { readonly wsPreEncodedFrame?: readonly Buffer[] };
}

/** The socket of `ws`. */
interface WebSocket extends Pick<EventEmitter, 'once'> {
  readonly readyState: number;
  /** Bytes that it has taken and not yet written; part of its public face. */
  readonly bufferedAmount: number;
  readonly _socket: TcpSocket | null;
  readonly _sender: { sendFrame(frames: readonly Buffer[]): void };
}

/**
 * A connection whose transport is a WebSocket of `ws`. All that is known here of the insides of Engine.IO and `ws`; it was checked
 * against engine.io 6.6.11 and ws 8.21.3. Where a part is missing there is no such thing, and Engine.IO's own way is taken.
 */
export class WebSocketInternals {
  private counted: { buffer: readonly WaitingPacket[]; packets: number; bytes: number } | undefined;

  private constructor(
    private readonly engine: {
      readonly readyState: string;
      /** Replaced by another list at each flush. */
      readonly writeBuffer: readonly WaitingPacket[];
      readonly upgrading: boolean;
    },
    private readonly socket: WebSocket,
    /** Compressed messages wait for their turn inside `ws`, where a frame would overtake them. */
    private readonly isCompressed: boolean,
    /** Emits `drain` when what was written has left. */
    readonly tcp: TcpSocket,
  ) {}

  /** Undefined on any other transport. */
  static of(connection: Socket['conn']): WebSocketInternals | undefined {
    const engine = connection as unknown as WebSocketInternals['engine'];
    const transport = connection.transport as { name: string; socket?: unknown; perMessageDeflate?: unknown };
    const socket = transport.socket as Partial<WebSocket> | undefined;
    const tcp = socket?._socket;
    const isKnown =
      transport.name === 'websocket' &&
      Array.isArray(engine.writeBuffer) &&
      typeof socket?.bufferedAmount === 'number' &&
      typeof socket._sender?.sendFrame === 'function' &&
      typeof tcp?.bytesWritten === 'number';
    if (!isKnown) return undefined;
    return new WebSocketInternals(engine, socket as WebSocket, Boolean(transport.perMessageDeflate), tcp);
  }

  /**
   * Hands frames to the socket past Engine.IO, as Engine.IO itself does with those that it is given; false where they have to go its way,
   * for they would overtake what it holds back. What it does not hold back it has handed to the same socket already.
   */
  send(frames: readonly Buffer[]): boolean {
    const { engine, socket } = this;
    if (this.isCompressed || engine.readyState !== 'open' || engine.upgrading) return false;
    if (engine.writeBuffer.length > 0 || socket.readyState !== OPEN) return false;
    socket._sender.sendFrame(frames);
    return true;
  }

  get queuedBytes(): number {
    return this.socket.bufferedAmount + this.heldBytes;
  }

  get sentBytes(): number {
    return this.tcp.bytesWritten - this.tcp.writableLength;
  }

  /** Each packet is looked at once. */
  private get heldBytes(): number {
    const { writeBuffer } = this.engine;
    if (writeBuffer.length === 0) return 0;
    if (this.counted?.buffer !== writeBuffer) this.counted = { buffer: writeBuffer, packets: 0, bytes: 0 };
    const { counted } = this;
    while (counted.packets < writeBuffer.length) counted.bytes += sizeOf(writeBuffer[counted.packets++]!);
    return counted.bytes;
  }
}

/** Bytes of a packet, as they are written. */
export function sizeOf({ data = '', options }: WaitingPacket): number {
  const [frame] = options?.wsPreEncodedFrame ?? [];
  return frame?.length ?? Buffer.byteLength(data);
}
