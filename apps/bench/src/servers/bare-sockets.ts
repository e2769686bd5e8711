import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Contender, ContenderOptions } from './contender.js';
import { listenOn } from './listen.js';
import { openPubSub } from './pub-sub.js';

/** The limit on SSE: one buffer, encoded once, written to the sockets of `node:http`. */
export async function startBareHttp(redisUrl: string, { joined }: ContenderOptions): Promise<Contender> {
  const writer = new Writer(joined ?? false);
  const publish = await openPubSub(redisUrl, (text) =>
    writer.write(Buffer.from(`event: message\ndata: ${text}\n\n`)),
  );
  const http = createServer((_request, response) => {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    response.flushHeaders();
    writer.add(response.socket!);
  });
  return { listen: () => listenOn(http), publish };
}

/** The limit on WebSocket: one frame, encoded once, written to the sockets of `ws`. */
export async function startBareWs(redisUrl: string, { joined }: ContenderOptions): Promise<Contender> {
  const writer = new Writer(joined ?? false);
  const publish = await openPubSub(redisUrl, (text) => writer.write(frameOf(text)));
  const http: Server = createServer();
  new WebSocketServer({ server: http }).on('connection', (_socket, request) => writer.add(request.socket));
  return { listen: () => listenOn(http), publish };
}

/** Writes the same to all, at once or once per tick. */
class Writer {
  private readonly sockets = new Set<Socket>();
  private waiting: Buffer[] = [];

  constructor(private readonly joined: boolean) {}

  add(socket: Socket): void {
    socket.setNoDelay(true);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  write(buffer: Buffer): void {
    if (!this.joined) return this.writeToAll(buffer);
    if (this.waiting.push(buffer) === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const waiting = this.waiting;
    this.waiting = [];
    this.writeToAll(Buffer.concat(waiting));
  }

  private writeToAll(buffer: Buffer): void {
    for (const socket of this.sockets) socket.write(buffer);
  }
}

/** A text frame of a server, of 126 to 65,535 bytes (RFC 6455, section 5.2). */
function frameOf(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.from([0x81, 126, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([head, body]);
}
