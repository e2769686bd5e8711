/** First byte of an unfragmented frame: FIN and the opcode, RFC 6455 section 5.2. */
const TEXT = 0x81;
const BINARY = 0x82;

/** A server's WebSocket frame (unmasked, uncompressed) in one buffer, so that it is framed once for all who receive it. */
export function websocketFrame(payload: string | Buffer): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const head = Buffer.alloc(body.length < 126 ? 2 : body.length < 65_536 ? 4 : 10);
  head[0] = typeof payload === 'string' ? TEXT : BINARY;
  if (head.length === 2) {
    head[1] = body.length;
  } else if (head.length === 4) {
    head[1] = 126;
    head.writeUInt16BE(body.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(body.length), 2);
  }
  return Buffer.concat([head, body]);
}
