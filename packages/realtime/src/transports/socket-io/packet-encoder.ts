import { encode } from '@msgpack/msgpack';
import { EVENTS } from '@nestwire/protocol';
import type { Encoder } from '../../channels/batch.js';
import type { Chunk } from '../../channels/chunk.js';
import { envelopeText } from '../envelope-text.js';
import { websocketFrame } from './websocket-frame.js';

/** Engine.IO's packet type of a text message, before each Socket.IO packet that is text. */
const MESSAGE = '4';

/** One Engine.IO message: as any transport takes it, and framed for WebSocket. */
interface EnginePacket {
  readonly data: string | Buffer;
  /** One list for all who receive it, as Engine.IO's `wsPreEncodedFrame` wants it. */
  readonly frame: readonly Buffer[];
}

/** The encoder of a Socket.IO server: its own, or that of the application's `parser`. */
interface Parser {
  encode(packet: never): unknown[];
}

/** What one tick brings: packets as any transport takes them, and all of their frames as one buffer. */
interface EngineMessage {
  readonly packets: readonly EnginePacket[];
  readonly frames: readonly Buffer[];
}

export type PacketEncoder = Encoder<EngineMessage>;

/** How a namespace writes events: as JSON, and as MessagePack for clients that ask for it. */
export function packetEncoders(
  namespace: string,
  parser: Parser,
): { json: PacketEncoder; msgpack: PacketEncoder } {
  const [text] = parser.encode(eventPacket('/', ['x']) as never);
  return text === '2["x"]'
    ? { json: new JsonPacketEncoder(namespace), msgpack: new MessagePackPacketEncoder(namespace) }
    : {
        json: new ParserPacketEncoder(namespace, parser, jsonArguments),
        msgpack: new ParserPacketEncoder(namespace, parser, messagePackArguments),
      };
}

/** Chunks as the Socket.IO event `events(envelopes, positions)` in Socket.IO's own format. */
class JsonPacketEncoder implements PacketEncoder {
  constructor(private readonly namespace: string) {}

  encode(chunks: readonly Chunk[]): EngineMessage {
    const { envelopes, positions } = argumentsText(this, chunks);
    return message([textPacket(`2${this.namespace},["${EVENTS}",${envelopes},${positions}]`)]);
  }
}

/** Chunks as `events` with one binary argument: the array `[envelopes, positions]` in MessagePack. */
class MessagePackPacketEncoder implements PacketEncoder {
  constructor(private readonly namespace: string) {}

  encode(chunks: readonly Chunk[]): EngineMessage {
    const [data] = messagePackArguments(argumentsText(this, chunks));
    return message([
      textPacket(`51-${this.namespace},["${EVENTS}",{"_placeholder":true,"num":0}]`),
      binaryPacket(data),
    ]);
  }
}

/** Either of them, for an application that has a format of its own. */
class ParserPacketEncoder implements PacketEncoder {
  constructor(
    private readonly namespace: string,
    private readonly parser: Parser,
    private readonly toArguments: (text: ArgumentsText) => unknown[],
  ) {}

  encode(chunks: readonly Chunk[]): EngineMessage {
    const data = [EVENTS, ...this.toArguments(argumentsText(this, chunks))];
    const packets = this.parser.encode(eventPacket(this.namespace, data) as never) as (string | Uint8Array)[];
    return message(
      packets.map((packet) => (typeof packet === 'string' ? textPacket(packet) : binaryPacket(packet))),
    );
  }
}

interface ArgumentsText {
  readonly envelopes: string;
  readonly positions: string;
}

function jsonArguments({ envelopes, positions }: ArgumentsText): unknown[] {
  return [JSON.parse(envelopes), JSON.parse(positions)];
}

function messagePackArguments({ envelopes, positions }: ArgumentsText): [Buffer] {
  const { buffer, byteOffset, byteLength } = encode(JSON.parse(`[${envelopes},${positions}]`));
  return [Buffer.from(buffer, byteOffset, byteLength)];
}

/** 2 is Socket.IO's type of an event. */
function eventPacket(nsp: string, data: unknown[]): object {
  return { type: 2, nsp, data };
}

function message(packets: readonly EnginePacket[]): EngineMessage {
  const frames =
    packets.length === 1 ? packets[0]!.frame : [Buffer.concat(packets.flatMap(({ frame }) => frame))];
  return { packets, frames };
}

function textPacket(data: string): EnginePacket {
  return { data, frame: [websocketFrame(MESSAGE + data)] };
}

function binaryPacket(bytes: Uint8Array): EnginePacket {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { data, frame: [websocketFrame(data)] };
}

function argumentsText(encoder: object, chunks: readonly Chunk[]): ArgumentsText {
  const envelopes = chunks.map((chunk) => envelopesOf(encoder, chunk)).filter((text) => text !== '');
  const positions = new Map(chunks.map((chunk) => [chunk.channel.name, chunk.position]));
  return { envelopes: `[${envelopes.join(',')}]`, positions: JSON.stringify(Object.fromEntries(positions)) };
}

function envelopesOf(encoder: object, chunk: Chunk): string {
  let text = chunk.encoded.get(encoder);
  if (text === undefined) {
    text = chunk.entries.map((entry) => envelopeText(chunk, entry, { named: true })).join(',');
    chunk.encoded.set(encoder, text);
  }
  return text;
}
