import { encode } from '@msgpack/msgpack';
import { EVENTS } from '@nestwire/protocol';
import type { Encoder } from '../../channels/batch.js';
import type { Chunk } from '../../channels/chunk.js';
import { envelopeText } from '../envelope-text.js';
import { websocketFrame } from './websocket-frame.js';

/** Engine.IO's packet type of a text message, before each Socket.IO packet that is text. */
const MESSAGE = '4';

/** One Engine.IO message: as any transport takes it, and framed for WebSocket. */
export interface EnginePacket {
  readonly data: string | Buffer;
  /** One list for all who receive it, as Engine.IO's `wsPreEncodedFrame` wants it. */
  readonly frame: readonly Buffer[];
}

/** Chunks as the Socket.IO event `events(envelopes, positions)` in its default (JSON) encoding. */
export class JsonPacketEncoder implements Encoder<readonly EnginePacket[]> {
  constructor(private readonly namespace: string) {}

  encode(chunks: readonly Chunk[]): readonly EnginePacket[] {
    const { envelopes, positions } = argumentsText(this, chunks);
    return [textPacket(`2${this.namespace},["${EVENTS}",${envelopes},${positions}]`)];
  }
}

/** Chunks as `events` with one binary argument: the array `[envelopes, positions]` in MessagePack. */
export class MessagePackPacketEncoder implements Encoder<readonly EnginePacket[]> {
  constructor(private readonly namespace: string) {}

  encode(chunks: readonly Chunk[]): readonly EnginePacket[] {
    const { envelopes, positions } = argumentsText(this, chunks);
    const { buffer, byteOffset, byteLength } = encode(JSON.parse(`[${envelopes},${positions}]`));
    const data = Buffer.from(buffer, byteOffset, byteLength);
    return [
      textPacket(`51-${this.namespace},["${EVENTS}",{"_placeholder":true,"num":0}]`),
      { data, frame: [websocketFrame(data)] },
    ];
  }
}

function textPacket(data: string): EnginePacket {
  return { data, frame: [websocketFrame(MESSAGE + data)] };
}

function argumentsText(encoder: object, chunks: readonly Chunk[]): { envelopes: string; positions: string } {
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
