// A node with a gateway of the application's own, in a process of its own; its argument is what its backend is told, as JSON.
import 'reflect-metadata';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { RealtimeError, RealtimeModule } from '@nestwire/realtime';
import { redisBackend, type RedisBackendOptions } from '@nestwire/redis';
import type { Server, Socket } from 'socket.io';

@WebSocketGateway()
class ChatGateway {
  @WebSocketServer() server!: Server;

  @SubscribeMessage('join')
  async join(@ConnectedSocket() socket: Socket): Promise<string> {
    await socket.join('room');
    return 'joined';
  }
}

@Controller()
class ChatController {
  constructor(private readonly chat: ChatGateway) {}

  /** How many sockets are in the room, of all nodes; or why that is not known. */
  @Get('sockets')
  sockets(): Promise<unknown> {
    const fetched = this.chat.server.in('room').fetchSockets();
    return fetched.then(
      ({ length }) => ({ sockets: length }),
      (error: unknown) => (error instanceof RealtimeError ? error.toBody() : { thrown: String(error) }),
    );
  }

  @Post('news')
  news(@Body() { news }: { news: string }): void {
    this.chat.server.to('room').emit('news', news);
  }

  /** What all in the room answer to a question within a second, and whether that were all. */
  @Get('answers')
  answers(): Promise<unknown> {
    return new Promise((resolve) => {
      const told = (error: unknown, answers: string[]): void => resolve({ answers, all: !error });
      this.chat.server.to('room').timeout(1_000).emit('question', told);
    });
  }

  @Post('disconnect')
  disconnect(): void {
    this.chat.server.in('room').disconnectSockets();
  }

  /** Processor time that this process has used, in milliseconds. */
  @Get('cpu')
  cpu(): { cpuMs: number } {
    const { user, system } = process.cpuUsage();
    return { cpuMs: (user + system) / 1_000 };
  }
}

const options = JSON.parse(process.argv[2]!) as RedisBackendOptions;

@Module({
  imports: [RealtimeModule.forRoot({ backend: redisBackend(options) })],
  controllers: [ChatController],
  providers: [ChatGateway],
})
class App {}

const app = await NestFactory.create(App, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
process.stdout.write(`ready ${await app.getUrl()}\n`);
