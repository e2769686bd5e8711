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
