import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server } from 'socket.io';
import type { WebSocket } from 'ws';
import type { RunningApp } from '../support/start-app.js';
import type { SocketClient } from '../support/socket-client.js';

/** A gateway of the application's own, through which a test sees the server of Socket.IO. */
@WebSocketGateway()
export class ServerProbe {
  @WebSocketServer()
  server!: Server;

  static of({ nest }: RunningApp): Server {
    return nest.get(ServerProbe, { strict: false }).server;
  }
}

/** The `ws` socket under a client: paused, it reads nothing, and its system's buffers fill up. */
export function webSocketOf({ io }: SocketClient): WebSocket {
  return (io.io.engine.transport as unknown as { ws: WebSocket }).ws;
}

/** What the server holds of one Engine.IO connection. */
export interface EngineConnection {
  readonly readyState: string;
  readonly writeBuffer: readonly unknown[];
  readonly transport: { readonly socket: WebSocket };
}

export function engineOf(app: RunningApp, { io }: SocketClient): EngineConnection {
  const { engine } = ServerProbe.of(app) as unknown as {
    engine: { clients: Record<string, EngineConnection> };
  };
  return engine.clients[io.io.engine.id]!;
}

const POLL = '/socket.io/?EIO=4&transport=polling';

/** Long polling on bare HTTP, which asks only when it is told to. */
export class PollingClient {
  private sid = '';

  constructor(
    private readonly url: string,
    private readonly headers: Record<string, string> = {},
  ) {}

  /** Resolves with the id of the connection, when the server has said `ready`. */
  async join(): Promise<string> {
    const open = await (await this.poll()).text();
    this.sid = (JSON.parse(open.slice(1)) as { sid: string }).sid;
    await this.send('40/realtime,');
    return /"connection":"([^"]+)"/.exec(await this.pollUntil('"connection":'))![1]!;
  }

  /** Asks once; the answer may take its time, and is not read until its text is asked for. */
  poll(): Promise<Response> {
    return fetch(this.address, { headers: this.headers });
  }

  /** Asks until an answer has this in it, and resolves with that. */
  async pollUntil(part: string): Promise<string> {
    for (;;) {
      const text = await (await this.poll()).text();
      if (text.includes(part)) return text;
    }
  }

  async send(packet: string): Promise<void> {
    await (await fetch(this.address, { method: 'POST', headers: this.headers, body: packet })).text();
  }

  private get address(): string {
    return this.url + POLL + (this.sid === '' ? '' : `&sid=${this.sid}`);
  }
}
