// The node of half-open.soak.ts, in a process of its own; its argument is how long it has patience, in milliseconds.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { RealtimeBroadcaster, RealtimeChannel, RealtimeModule } from '@nestwire/realtime';
import type { Server as HttpServer } from 'node:http';
import { promisify } from 'node:util';
import type { Server } from 'socket.io';

export interface Vitals {
  readonly rssBytes: number;
  /** Open TCP connections. */
  readonly sockets: number;
  /** Connections of Engine.IO, whether or not they have joined a namespace. */
  readonly engines: number;
}

@RealtimeChannel('street')
class Street {
  canSubscribe(): boolean {
    return true;
  }
}

@WebSocketGateway()
class Probe {
  @WebSocketServer() readonly server!: Server;
}

@Controller()
class VitalsController {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly probe: Probe,
    private readonly realtime: RealtimeBroadcaster,
  ) {}

  @Get('vitals')
  async vitals(): Promise<Vitals> {
    const http = this.host.httpAdapter.getHttpServer() as HttpServer;
    const sockets = await promisify(http.getConnections.bind(http))();
    const { clientsCount: engines } = this.probe.server.engine as { clientsCount: number };
    return { rssBytes: process.memoryUsage.rss(), sockets, engines };
  }

  @Get('say')
  async say(): Promise<object> {
    return this.realtime.publish('street', 'said', 1);
  }
}

/** So that all of them stand at once, however slow the machine. */
const PATIENCE_MS = Number(process.argv[2]);

@Module({
  imports: [
    RealtimeModule.forRoot({
      limits: { headTimeoutMs: PATIENCE_MS, bodyTimeoutMs: PATIENCE_MS },
      socketIo: { connectTimeoutMs: PATIENCE_MS, pingTimeoutMs: PATIENCE_MS },
    }),
    RealtimeModule.forFeature([Street]),
  ],
  controllers: [VitalsController],
  providers: [Probe],
})
class App {}

const app = await NestFactory.create(App, { logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(`ready ${await app.getUrl()}\n`);
