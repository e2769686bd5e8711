import type { IncomingMessage } from 'node:http';

/** Engine.IO takes no larger body from a client by default (`maxHttpBufferSize`). */
const MAX_BODY_BYTES = 1_000_000;
/** Headers that say how a body is framed. It is framed anew. */
const FRAMING = new Set(['content-length', 'transfer-encoding']);

/**
 * A request as it can be sent again, its body with it; undefined where that is too large or was cut off.
 * `rest` is what has come after the head of an upgrade, which has no body.
 */
export async function textOf(request: IncomingMessage, rest?: Buffer): Promise<Buffer | undefined> {
  const body = rest ?? (await bodyOf(request));
  if (body === undefined) return undefined;
  const length = rest === undefined && body.length > 0 ? [`Content-Length: ${body.length}`] : [];
  const head = [
    `${request.method} ${request.url} HTTP/${request.httpVersion}`,
    ...headersOf(request),
    ...length,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

function headersOf({ rawHeaders }: IncomingMessage): string[] {
  const lines: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (!FRAMING.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  return lines;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > MAX_BODY_BYTES) return undefined;
      parts.push(part);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(parts);
}
