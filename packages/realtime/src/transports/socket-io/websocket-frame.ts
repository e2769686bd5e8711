/** First byte of an unfragmented frame: FIN and the opcode, RFC 6455 section 5.2. */
const TEXT = 0x81;
const BINARY = 0x82;

/** A server's WebSocket frame (unmasked, uncompressed) in one buffer, so that it is framed once for all who receive it. */
export function websocketFrame(payload: string | Buffer): Buffer {
  const length = Buffer.byteLength(payload);
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = typeof payload === 'string' ? TEXT : BINARY;
  if (start === 2) {
    frame[1] = length;
  } else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  if (typeof payload === 'string') frame.write(payload, start);
  else payload.copy(frame, start);
  return frame;
}
