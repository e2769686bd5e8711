import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';
import type { Contender } from './contender.js';
import { listenAs } from './listen.js';

/** A gateway of Nest's own over Socket.IO, in one process; a channel is a room. */
export async function startNestGateway(): Promise<Contender> {
  @WebSocketGateway()
  class EventsGateway {
    @WebSocketServer() readonly server!: Server;

    @SubscribeMessage('join')
    async join(@ConnectedSocket() socket: Socket, @MessageBody() room: string): Promise<boolean> {
      await socket.join(room);
      return true;
    }
  }

  @Module({ providers: [EventsGateway] })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  return {
    listen: () => listenAs(app),
    publish: (channel, message) => app.get(EventsGateway).server.to(channel).emit('message', message),
  };
}
